import type { ComponentChildren, JSX } from 'preact';
import { CircleAlert, Info, TriangleAlert } from '../icons.ts';
import { t } from '../t.tsx';
import { Icon } from './Icon.tsx';

const icons = { plain: Info, caution: TriangleAlert, danger: CircleAlert };

/** A few words that matter, with an icon, since colour alone says nothing to some. */
export function Notice({
  tone = 'plain',
  children,
}: {
  readonly tone?: keyof typeof icons;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`notice ${tone}`} role={tone === 'danger' ? 'alert' : undefined}>
      <Icon of={icons[tone]} size={16} />
      <div>{children}</div>
    </div>
  );
}

/** What could not be shown, why, and a way to try again. */
export function Failure({
  error,
  retry,
  children,
}: {
  readonly error: string;
  readonly retry: () => void;
  /** What else can be done. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="page">
      <Notice tone="danger">{error}</Notice>
      <button type="button" class="button secondary" onClick={retry}>
        {t('common.tryAgain')}
      </button>
      {children}
    </div>
  );
}
