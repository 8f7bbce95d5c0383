import { Paperclip, SendHorizontal } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { background } from '../rpc.ts';
import { t } from '../t.tsx';
import { IconButton } from './Button.tsx';

interface ComposerProps {
  readonly conversation: string;
  readonly draft: string;
  /** Whether the field is what one came for. */
  readonly autoFocus: boolean;
  /** How many files go with the next message. */
  readonly files: number;
  readonly onFiles: (files: readonly File[]) => void;
  /** One after the other, `alone` or before words; says whether all of them have gone. */
  readonly onSendFiles: (alone: boolean) => Promise<boolean>;
  readonly onSend: (text: string, clientId: string) => Promise<void>;
}

/** Enter sends, Shift and Enter begin a line. What is typed is kept at once, so that closing the popup loses nothing. */
export function Composer({ conversation, draft, autoFocus, files, onFiles, onSendFiles, onSend }: ComposerProps): JSX.Element {
  const [text, setText] = useState(draft);
  const [sending, setSending] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const saved = useRef(draft);
  const shown = useRef(draft);
  const current = useRef(text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  /** Messages that the background has not written down yet, each by itself. */
  const leaving = useRef<readonly { readonly words: string }[]>([]);
  current.current = text;

  const save = (): void => {
    clearTimeout(timer.current);
    // A message that leaves stays in the draft until the background has it, which forgets the draft itself: a death between loses nothing.
    const now = [...leaving.current.map(({ words }) => words), ...(current.current === '' ? [] : [current.current])].join('\n');
    if (now === saved.current) return;
    saved.current = now;
    background.call('saveDraft', { id: conversation, text: now }).catch(() => {
      if (saved.current === now) saved.current = ''; // not kept; the next change tries again
    });
  };
  const type = (value: string): void => {
    setText(value);
    current.current = value;
    clearTimeout(timer.current);
    timer.current = setTimeout(save, 120);
  };
  useLayoutEffect(() => {
    if (autoFocus) field.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    addEventListener('pagehide', save);
    addEventListener('blur', save);
    return () => {
      removeEventListener('pagehide', save);
      removeEventListener('blur', save);
      save();
    };
  }, []);

  // The background has forgotten the draft that stands here unchanged: it has become a message, sent from elsewhere or by the page before this one.
  // It has to be that very draft: what is told may be of the message before, and later words are not to go with it.
  useEffect(() => {
    const before = shown.current;
    shown.current = draft;
    if (draft !== '' || saved.current === '' || before !== saved.current) return;
    if (leaving.current.length > 0 || current.current !== saved.current) return;
    saved.current = '';
    setText('');
    current.current = '';
  }, [draft]);

  const send = async (): Promise<void> => {
    if (sending) return;
    if (files > 0) {
      const alone = text.trim() === '';
      const gone = onSendFiles(alone);
      field.current?.focus();
      if (alone) return;
      // Files go first: words beside them are about them, and stay in the field when a file cannot go.
      setSending(true);
      const all = await gone;
      setSending(false);
      if (!all) return;
    }
    const wanted = current.current.trim();
    if (wanted === '') return;
    save();
    const mine = { words: wanted };
    leaving.current = [...leaving.current, mine];
    // The field is free at once; what cannot be written down comes back into it.
    type('');
    field.current?.focus();
    try {
      await onSend(wanted, crypto.randomUUID());
    } catch {
      type(current.current === '' ? wanted : `${wanted}\n${current.current}`);
    }
    leaving.current = leaving.current.filter((each) => each !== mine);
    save();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t('common.filesToSend')}
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
          field.current?.focus();
        }}
      />
      <IconButton icon={Paperclip} label={t('composer.addFiles')} disabled={sending} onClick={() => picker.current?.click()} />
      <div class="input">
        <textarea
          ref={field}
          aria-label={t('common.message')}
          placeholder={t('common.message')}
          rows={1}
          dir="auto"
          value={text}
          autocomplete="off"
          maxLength={500_000}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            if (pasted.length === 0) return;
            event.preventDefault();
            onFiles(pasted);
          }}
          onInput={(event) => type(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
      </div>
      <IconButton
        icon={SendHorizontal}
        label={t('composer.send')}
        type="submit"
        filled
        disabled={sending || (text.trim() === '' && files === 0)}
      />
    </form>
  );
}
