import { ArrowLeft } from 'lucide';
import type { ComponentChildren, JSX } from 'preact';
import { Button, IconButton } from '../../parts/Button.tsx';
import { t } from '../../t.tsx';

interface SteppedProps {
  /** "2 of 3"; null where nobody can say. */
  readonly step: readonly [number, number] | null;
  readonly title: string;
  /** What the main button does; without it the screen has its own. */
  readonly next?: { readonly words?: string; readonly ready: boolean; readonly go: () => void };
  readonly busy?: boolean;
  readonly onBack: (() => void) | null;
  readonly children: ComponentChildren;
}

/** One question of the way in. */
export function Stepped({ step, title, next, busy = false, onBack, children }: SteppedProps): JSX.Element {
  return (
    <main class="scroll gate steps">
      <form
        class="page"
        onSubmit={(event) => {
          event.preventDefault();
          if (next?.ready && !busy) next.go();
        }}
      >
        <div class="progress">
          {onBack && <IconButton icon={ArrowLeft} label={t('common.back')} onClick={onBack} disabled={busy} />}
          {step && <span>{t('stepped.progress', { step: step[0], all: step[1] })}</span>}
        </div>
        <h1>{title}</h1>
        {children}
        {next && (
          <Button kind="primary" type="submit" wide disabled={!next.ready || busy}>
            {next.words ?? t('stepped.continue')}
          </Button>
        )}
      </form>
    </main>
  );
}
