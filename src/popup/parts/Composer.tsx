import { Paperclip, SendHorizontal } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { DraftPart } from '../../rpc/typed.ts';
import { createDraftKeeper, type DraftKeeper } from '../draft-keeper.ts';
import { t } from '../t.tsx';
import { IconButton } from './Button.tsx';

interface ComposerProps {
  readonly conversation: string;
  readonly draft: string;
  /** Grows with each change of the draft. */
  readonly revision: number;
  /** Whether the field is what one came for. */
  readonly autoFocus: boolean;
  /** How many files go with the next message. */
  readonly files: number;
  readonly onFiles: (files: readonly File[]) => void;
  /** One after the other, and then the words. Resolves when these are kept for that. @throws where they cannot be */
  readonly onSendFiles: (words: DraftPart | null) => Promise<void>;
  readonly onSend: (text: string, clientId: string) => Promise<void>;
}

/** Enter sends, Shift and Enter begin a line. What is typed is kept at once, so that the end of the page loses nothing, nor that of the background. */
export function Composer({ conversation, draft, revision, autoFocus, files, onFiles, onSendFiles, onSend }: ComposerProps): JSX.Element {
  const [text, setText] = useState(draft);
  const picker = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const current = useRef(text);
  /** By this name the words in the field will be sent: what has become a message is known by it, whatever dies meanwhile. */
  const name = useRef(crypto.randomUUID());
  /** Words that came back, where they stand in the field by the name that they had: the background may have written them down after all. */
  const back = useRef<string | null>(null);
  /** Messages that the background has not written down yet, each by itself. */
  const leaving = useRef<readonly DraftPart[]>([]);
  const keeper = useRef<DraftKeeper | null>(null);
  keeper.current ??= createDraftKeeper({
    conversation,
    text: draft,
    revision,
    onBefore: (words) => type(current.current === '' ? words : `${words}\n${current.current}`),
  });

  const show = (value: string): void => {
    setText(value);
    current.current = value;
  };
  const rename = (): void => {
    name.current = crypto.randomUUID();
    back.current = null;
  };
  // A message that leaves stays in the draft until the background has it, which forgets it there itself: a death between loses nothing.
  const keep = (): void => keeper.current?.say([...leaving.current, { id: name.current, words: current.current }]);
  const type = (value: string): void => {
    if (back.current !== null && value.trim() !== back.current) rename();
    show(value);
    keep();
  };
  useLayoutEffect(() => {
    if (autoFocus) field.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    // Not before it is painted: to make keys takes the time of some messages.
    keeper.current?.warm();
    const tell = (): void => keeper.current?.tell();
    const tellAll = (): void => keeper.current?.tell(true);
    addEventListener('pagehide', tellAll);
    addEventListener('blur', tell);
    return () => {
      removeEventListener('pagehide', tellAll);
      removeEventListener('blur', tell);
      tellAll();
    };
  }, []);

  // Another window wrote here, or the draft that stands here has become a message, sent from elsewhere or by the page before this one.
  useEffect(() => {
    if (leaving.current.length > 0) return;
    const words = keeper.current?.heard(draft, revision) ?? null;
    if (words !== null) show(words);
  }, [draft, revision]);

  const send = async (): Promise<void> => {
    const wanted = current.current.trim();
    if (wanted === '' && files > 0) void onSendFiles(null);
    if (wanted === '') return field.current?.focus();
    const mine = { id: name.current, words: wanted };
    rename();
    leaving.current = [...leaving.current, mine];
    // The field is free at once; what cannot be written down comes back into it.
    type('');
    keeper.current?.tell();
    field.current?.focus();
    // Files go first: words beside them are about them, and stand behind them until they have gone.
    const taken = await (files > 0 ? onSendFiles(mine) : onSend(wanted, mine.id)).then(
      () => true,
      () => false,
    );
    leaving.current = leaving.current.filter((each) => each !== mine);
    if (!taken && current.current === '') {
      show(wanted);
      name.current = mine.id;
      back.current = wanted;
    } else if (!taken) type(`${wanted}\n${current.current}`);
    keep();
    keeper.current?.tell();
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
      <IconButton icon={Paperclip} label={t('composer.addFiles')} onClick={() => picker.current?.click()} />
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
      <IconButton icon={SendHorizontal} label={t('composer.send')} type="submit" filled disabled={text.trim() === '' && files === 0} />
    </form>
  );
}
