import type { JSX } from 'preact';
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { type Marked, readMarks } from '../marks.ts';
import { t } from '../t.tsx';
import { longestShown, pieces, visible } from '../text.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { Notice } from './Notice.tsx';

/** Hosts whose links were opened since this page is open; written nowhere, because it says where somebody went. */
const opened = new Set<string>();

interface BodyProps {
  readonly text: string;
  /** Whether its writer meant all marks. */
  readonly marks: boolean;
  /** Links lead somewhere; those of strangers do not. */
  readonly links: boolean;
}

/** Text as text and nothing else; links are what their letters say, and open only in a tab of their own, after a question for each host. */
export function Body({ text, marks, links }: BodyProps): JSX.Element {
  const [whole, setWhole] = useState(false);
  const [asked, setAsked] = useState<{ readonly href: string; readonly host: string } | null>(null);
  const cut = !whole && text.length > longestShown;
  const drawn = (part: Marked, index: number): JSX.Element => {
    switch (part.kind) {
      case 'text':
        return <Fragment key={index}>{linked(part.text)}</Fragment>;
      case 'code':
        return <code key={index}>{visible(part.text)}</code>;
      case 'block':
        return <pre key={index}>{visible(part.text)}</pre>;
      case 'bold':
        return <strong key={index}>{draw(part.parts)}</strong>;
      case 'italic':
        return <em key={index}>{draw(part.parts)}</em>;
      case 'item':
        return (
          <span key={index} class="item">
            {draw(part.parts)}
          </span>
        );
    }
  };
  const ask = (event: Event, href: string, host: string): void => {
    if (opened.has(host)) return;
    event.preventDefault();
    setAsked({ href, host });
  };
  const draw = (parts: readonly Marked[]): JSX.Element[] => parts.map(drawn);
  const linked = (words: string): (string | JSX.Element)[] =>
    pieces(words).map(({ text: shown, href, host = '' }, index) =>
      href === undefined || !links ? (
        shown
      ) : (
        <a
          key={index}
          href={href}
          target="_blank"
          rel="noopener noreferrer"
          title={host}
          onClick={(event) => ask(event, href, host)}
          // Another button opens it too, in a tab behind this one.
          onAuxClick={(event) => event.button === 1 && ask(event, href, host)}
        >
          {shown}
        </a>
      ),
    );
  return (
    <>
      <bdi>{draw(readMarks(cut ? `${text.slice(0, longestShown)}…` : text, marks))}</bdi>
      {cut && (
        <p>
          <Button onClick={() => setWhole(true)}>{t('body.showAllOfIt')}</Button>
        </p>
      )}
      {asked && <OpenLink {...asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function OpenLink({ href, host, onClose }: { readonly href: string; readonly host: string; readonly onClose: () => void }): JSX.Element {
  return (
    <Dialog title={t('body.openQuestion', { host })} onClose={onClose}>
      <p class="mono small whole">{visible(href)}</p>
      {/(^|\.)xn--/.test(host) && <Notice tone="caution">{t('body.theNameOfThis')}</Notice>}
      {href.startsWith('http:') && <Notice tone="caution">{t('body.theWayToThis')}</Notice>}
      <p class="small quiet">{t('body.theSiteLearnsYour')}</p>
      <div class="decide">
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <a
          class="button primary"
          href={href}
          target="_blank"
          rel="noopener noreferrer"
          onClick={() => {
            opened.add(host);
            setTimeout(onClose);
          }}
        >
          {t('common.open')}
        </a>
      </div>
    </Dialog>
  );
}
