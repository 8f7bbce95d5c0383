import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { AppWindow, Maximize2, PanelRight, SquareArrowOutUpRight } from '../icons.ts';
import { inToolbar } from '../router.ts';
import { canStandBeside, openBeside, openTab, openWindow, ownWindow } from '../surfaces.ts';
import { t } from '../t.tsx';
import { Menu } from './Menu.tsx';

/** The other places where Parley can stand. The popup under the toolbar's button closes once one of them is open. */
export function Elsewhere(): JSX.Element {
  const [windowId, setWindowId] = useState<number | null>(null);
  useEffect(() => {
    ownWindow().then(setWindowId, () => undefined);
  }, []);
  const go = (opened: Promise<void>): void =>
    void opened.then(
      () => inToolbar() && window.close(),
      (error: unknown) => console.warn('Parley could not be shown there', error),
    );
  return (
    <Menu
      icon={SquareArrowOutUpRight}
      label={t('elsewhere.openElsewhere')}
      items={[
        ...(canStandBeside()
          ? [{ words: t('elsewhere.besideThePage'), icon: PanelRight, onChoose: () => go(openBeside(windowId).catch(openTab)) }] // a tab where the browser says no
          : []),
        { words: t('elsewhere.inAWindowOf'), icon: AppWindow, onChoose: () => go(openWindow()) },
        { words: t('elsewhere.inATab'), icon: Maximize2, onChoose: () => go(openTab()) },
      ]}
    />
  );
}
