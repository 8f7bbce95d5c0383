import { CircleAlert, CircleCheck, Eye, EyeOff, TriangleAlert } from 'lucide';
import type { ComponentChildren, JSX, RefObject, TargetedClipboardEvent } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../t.tsx';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly type?: 'text' | 'password' | 'url';
  readonly placeholder?: string;
  /** Below the field: what helps, or what is wrong. An empty one keeps its line, so that words that come later move nothing. */
  readonly hint?: ComponentChildren;
  readonly tone?: 'plain' | 'good' | 'caution' | 'danger';
  readonly autoFocus?: boolean;
  readonly disabled?: boolean;
  readonly inputRef?: RefObject<HTMLInputElement | null>;
  readonly mono?: boolean;
  readonly onPaste?: (event: TargetedClipboardEvent<HTMLInputElement>) => void;
}

const toneIcons = { plain: null, good: CircleCheck, caution: TriangleAlert, danger: CircleAlert };

/** A text field with its label and a line of words. What is typed is never offered to the browser's memory. */
export function Field({
  label,
  value,
  onValue,
  type = 'text',
  placeholder,
  hint,
  tone = 'plain',
  autoFocus,
  disabled,
  inputRef,
  mono,
  onPaste,
}: FieldProps): JSX.Element {
  const id = useId();
  const [visible, setVisible] = useState(false);
  const [capsLock, setCapsLock] = useState(false);
  const own = useRef<HTMLInputElement>(null);
  const field = inputRef ?? own;
  // The attribute works once per page; screens come and go. Before the field is painted: who sees it types.
  useLayoutEffect(() => {
    if (autoFocus) field.current?.focus({ preventScroll: true });
  }, []);
  const secret = type === 'password';
  // A password field has no role of its own, so that whatever looks for text fields would pass it by. JSX knows no role for it either: bare attributes.
  const kind: object = { type: secret && visible ? 'text' : type, ...(secret && { role: 'textbox' }) };
  const capital = secret && capsLock;
  const said = capital ? t('field.capsLockIsOn') : hint;
  const shownTone = capital ? 'caution' : tone;
  const icon = said ? toneIcons[shownTone] : null;
  return (
    <div class={`field${tone === 'danger' ? ' wrong' : ''}`}>
      <label for={id}>{label}</label>
      <div class="input">
        <input
          id={id}
          ref={field}
          {...kind}
          class={mono ? 'mono' : ''}
          value={value}
          placeholder={placeholder ?? ''}
          disabled={disabled ?? false}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby={said === undefined ? undefined : `${id}-hint`}
          aria-invalid={tone === 'danger'}
          onInput={(event) => onValue(event.currentTarget.value)}
          {...(onPaste && { onPaste })}
          onKeyUp={(event) => setCapsLock(event.getModifierState('CapsLock'))}
          onBlur={() => setCapsLock(false)}
        />
        {secret && (
          <IconButton
            icon={visible ? EyeOff : Eye}
            label={visible ? t('field.hideWhatIsTyped') : t('field.showWhatIsTyped')}
            onClick={() => setVisible(!visible)}
          />
        )}
      </div>
      {said !== undefined && (
        <p id={`${id}-hint`} class={`hint ${shownTone}`} aria-live="polite">
          {icon && <Icon of={icon} size={16} />}
          <span>{said}</span>
        </p>
      )}
    </div>
  );
}
