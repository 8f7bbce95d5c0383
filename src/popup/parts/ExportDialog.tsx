import { FileJson, FileText } from 'lucide';
import type { JSX } from 'preact';
import { useContext, useState } from 'preact/hooks';
import type { ConversationRow } from '../../rpc/views/conversations.ts';
import { exportPage } from '../export-page.ts';
import { saveBlob } from '../files.ts';
import { NamesContext } from '../names.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { takeFile } from '../transfer.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { Icon } from './Icon.tsx';
import { Notice } from './Notice.tsx';

interface Props {
  /** One conversation; null: all. */
  readonly row: ConversationRow | null;
  readonly own: string;
  readonly onClose: () => void;
}

type Form = 'page' | 'json';

/** Asks in which form conversations are to be saved, and saves them. */
export function ExportDialog({ row, own, onClose }: Props): JSX.Element {
  const [form, setForm] = useState<Form>('page');
  const [saved, setSaved] = useState<{ readonly name: string; readonly conversations: number; readonly messages: number } | null>(null);
  const names = useContext(NamesContext);
  const work = useWork();
  const save = (): Promise<void> =>
    work.run(async () => {
      if (form === 'json') {
        const made = await background.call('exportConversations', { id: row?.id ?? null });
        await takeFile(made, 'application/json');
        setSaved(made);
        return;
      }
      const now = Date.now();
      const rows = row ? [row] : (await background.call('listConversations', { limit: 50_000 })).rows;
      const { pieces, messages } = await exportPage(rows, { own, names, now });
      const name = `parley-${new Date(now).toISOString().slice(0, 10)}.html`;
      saveBlob(new Blob([...pieces], { type: 'text/html' }), name);
      setSaved({ name, conversations: rows.length, messages });
    });
  const choice = (value: Form, words: string, hint: string, icon: typeof FileText): JSX.Element => (
    <label class="choice">
      <input type="radio" name="export-form" checked={form === value} onChange={() => setForm(value)} disabled={work.busy} />
      <Icon of={icon} size={20} />
      <span class="lines">
        {words}
        <span class="small quiet">{hint}</span>
      </span>
    </label>
  );
  return (
    <Dialog title={row ? t('export.choose') : t('export.chooseAll')} onClose={onClose}>
      {saved ? (
        <>
          <Notice>
            {t('export.saved', {
              name: saved.name,
              conversations: t('count.conversations', { count: saved.conversations }),
              messages: t('count.messages', { count: saved.messages }),
            })}
          </Notice>
          <div class="decide">
            <Button kind="primary" onClick={onClose}>
              {t('common.close')}
            </Button>
          </div>
        </>
      ) : (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void save();
          }}
        >
          <p class="small quiet">{t('export.explain')}</p>
          <div class="stack tight" role="radiogroup" aria-label={row ? t('export.choose') : t('export.chooseAll')}>
            {choice('page', t('export.asPage'), t('export.asPageHint'), FileText)}
            {choice('json', t('export.asJson'), t('export.asJsonHint'), FileJson)}
          </div>
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          <div class="decide">
            <Button onClick={onClose}>{t('common.cancel')}</Button>
            <Button kind="primary" type="submit" disabled={work.busy}>
              {work.busy ? t('export.making') : t('common.save')}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
