import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { Search, X } from '../icons.ts';
import { searchFieldId } from '../shortcuts.ts';
import { t } from '../t.tsx';
import { IconButton } from './Button.tsx';
import { Icon } from './Icon.tsx';

interface SearchFieldProps {
  readonly value: string;
  readonly label: string;
  readonly onValue: (value: string) => void;
  /** Somebody is about to write in it. */
  readonly onFocus: () => void;
  /** Down into what was found. */
  readonly onDown: () => void;
}

/** The field that looks through everything: Escape empties it, the arrow down goes to what was found. */
export function SearchField({ value, label, onValue, onFocus, onDown }: SearchFieldProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  return (
    <search class="search">
      <Icon of={Search} size={16} />
      <input
        id={searchFieldId}
        ref={field}
        type="search"
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={value}
        onFocus={onFocus}
        onInput={(event) => onValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') onValue('');
          else if (event.key === 'ArrowDown') onDown();
          else return;
          event.preventDefault();
        }}
      />
      {value !== '' && (
        <IconButton
          icon={X}
          label={t('searchField.emptyTheSearch')}
          onClick={() => {
            onValue('');
            field.current?.focus();
          }}
        />
      )}
    </search>
  );
}
