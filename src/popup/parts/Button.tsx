import type { ComponentChildren, JSX, TargetedMouseEvent } from 'preact';
import { Icon } from './Icon.tsx';

interface ButtonProps {
  readonly kind?: 'primary' | 'secondary' | 'plain' | 'danger';
  readonly type?: 'button' | 'submit';
  readonly wide?: boolean;
  readonly disabled?: boolean;
  readonly icon?: unknown;
  /** The accessible name, where the words on it are too few; it contains them. */
  readonly label?: string;
  readonly onClick?: (event: TargetedMouseEvent<HTMLButtonElement>) => void;
  readonly children: ComponentChildren;
}

export function Button({
  kind = 'secondary',
  type = 'button',
  wide = false,
  disabled = false,
  icon,
  label,
  onClick,
  children,
}: ButtonProps): JSX.Element {
  return (
    <button
      type={type}
      class={`button ${kind}${wide ? ' wide' : ''}`}
      disabled={disabled}
      onClick={onClick}
      {...(label !== undefined && { 'aria-label': label })}
    >
      {icon !== undefined && <Icon of={icon} size={16} />}
      {children}
    </button>
  );
}

interface IconButtonProps {
  readonly icon: unknown;
  /** The accessible name, and what pointing at it shows. */
  readonly label: string;
  readonly filled?: boolean;
  /** Just did what it says. */
  readonly good?: boolean;
  readonly type?: 'button' | 'submit';
  readonly disabled?: boolean;
  /** Whether what it opens, by its id, is open. */
  readonly expanded?: boolean;
  readonly controls?: string;
  readonly onClick?: () => void;
}

export function IconButton({
  icon,
  label,
  filled = false,
  good = false,
  type = 'button',
  disabled = false,
  expanded,
  controls,
  onClick,
}: IconButtonProps): JSX.Element {
  return (
    <button
      type={type}
      class={`icon-button${filled ? ' filled' : ''}${good ? ' good' : ''}`}
      aria-label={label}
      title={label}
      disabled={disabled}
      {...(expanded !== undefined && { 'aria-haspopup': 'menu' as const, 'aria-expanded': expanded })}
      {...(expanded && { 'aria-controls': controls })}
      onClick={onClick}
    >
      <Icon of={icon} />
    </button>
  );
}

interface IconLinkProps {
  readonly icon: unknown;
  readonly label: string;
  readonly href: string;
  /** Opens a tab of its own. */
  readonly tab?: boolean;
  readonly good?: boolean;
}

/** The same in looks, for going somewhere. */
export function IconLink({ icon, label, href, tab = false, good = false }: IconLinkProps): JSX.Element {
  return (
    <a class={`icon-button${good ? ' good' : ''}`} href={href} aria-label={label} title={label} {...(tab && { target: '_blank' })}>
      <Icon of={icon} />
    </a>
  );
}
