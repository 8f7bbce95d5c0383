import { Download, FileUp } from 'lucide';
import type { JSX } from 'preact';
import { useContext, useId, useState } from 'preact/hooks';
import type { ImportReport, NodeImport, NodeImportTopic } from '../../../rpc/views/transfers.ts';
import { shortAddress } from '../../address.ts';
import { groupName, NamesContext } from '../../names.ts';
import { Button } from '../../parts/Button.tsx';
import { ExportDialog } from '../../parts/ExportDialog.tsx';
import { Field } from '../../parts/Field.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { inToolbar } from '../../router.ts';
import { background } from '../../rpc.ts';
import { useAsked, useWork } from '../../state.ts';
import { numbered, rich, t, type Words } from '../../t.tsx';
import { visibleLine } from '../../text.ts';
import { fullTime } from '../../time.ts';
import { giveFile } from '../../transfer.ts';

/** Conversations out of Parley as plain files, and in again: from such a file, or from another node. */
export function Exports({ own }: { readonly own: string }): JSX.Element {
  const [doing, setDoing] = useState<'nothing' | 'exporting' | 'file' | 'node'>('nothing');
  const done = (): void => setDoing('nothing');
  return (
    <section class="group" id="settings-export">
      <h2>{t('settings.export')}</h2>
      {doing === 'nothing' && <p class="small quiet">{t('export.explain')}</p>}
      {inToolbar() ? (
        <p class="small">
          {rich('backup.filesNeedAPage', {
            link: (words: Words) => (
              <a href="popup.html#/settings/export" target="_blank" rel="noopener">
                {words}
              </a>
            ),
          })}
        </p>
      ) : doing === 'file' ? (
        <FromFile onDone={done} />
      ) : doing === 'node' ? (
        <FromNode onDone={done} />
      ) : (
        <>
          <div class="side">
            <Button icon={Download} onClick={() => setDoing('exporting')}>
              {t('export.all')}
            </Button>
            <Button onClick={() => setDoing('file')}>{t('export.fromFile')}</Button>
            <Button onClick={() => setDoing('node')}>{t('export.fromNode')}</Button>
          </div>
          {doing === 'exporting' && <ExportDialog row={null} own={own} onClose={done} />}
        </>
      )}
    </section>
  );
}

function FromFile({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const [report, setReport] = useState<ImportReport | null>(null);
  const work = useWork();
  const input = useId();
  const read = (file: File): Promise<void> =>
    work.run(async () => {
      const id = await giveFile(file);
      try {
        setReport(await background.call('importConversations', { id }));
      } finally {
        await background.call('closeFile', { id });
      }
    });
  if (report)
    return (
      <>
        <Notice>
          {report.added === 0 ? t('import.nothingNew') : t('import.done', { count: report.added })}{' '}
          {t('import.exportedAt', {
            time: fullTime(report.exportedAt),
            conversations: t('count.conversations', { count: report.conversations }),
            messages: t('count.messages', { count: report.messages }),
          })}
        </Notice>
        <div class="side">
          <Button onClick={onDone}>{t('common.close')}</Button>
        </div>
      </>
    );
  return (
    <div class="stack">
      <div class="file-field">
        <label for={input} class="button secondary">
          <Icon of={FileUp} size={16} />
          {work.busy ? t('import.reading') : t('import.chooseAFile')}
        </label>
        <input
          id={input}
          class="hidden"
          type="file"
          accept=".json,application/json"
          disabled={work.busy}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (file) void read(file);
          }}
        />
      </div>
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <div class="side">
        <Button kind="plain" onClick={onDone}>
          {t('common.cancel')}
        </Button>
      </div>
    </div>
  );
}

function FromNode({ onDone }: { readonly onDone: () => void }): JSX.Element {
  const [url, setUrl] = useState('');
  const { value: state, reload } = useAsked(() => background.call('nodeImport', {}), 'import', ['import']);
  const work = useWork();
  const running = state?.phase === 'running';
  return (
    <div class="stack">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (url.trim() !== '' && !running)
            void work.run(async () => {
              await background.call('importFromNode', { url: url.trim() });
              reload();
            });
        }}
      >
        <Field
          label={t('import.nodeAddress')}
          value={url}
          onValue={(text) => {
            setUrl(text);
            work.clear();
          }}
          autoFocus
          hint={work.error ?? t('import.nodeHint')}
          tone={work.error ? 'danger' : 'plain'}
        />
        <div class="side">
          <Button kind="plain" onClick={onDone}>
            {t('common.close')}
          </Button>
          {running ? (
            <Button onClick={() => void background.call('stopNodeImport', {})}>{t('import.stop')}</Button>
          ) : (
            <Button kind="primary" type="submit" disabled={url.trim() === '' || work.busy}>
              {t('import.start')}
            </Button>
          )}
        </div>
      </form>
      {state && <Progress state={state} />}
    </div>
  );
}

const whys = { unreachable: 'import.unreachable', wrong: 'import.wrong' } as const;

function Progress({ state }: { readonly state: NodeImport }): JSX.Element {
  const { phase, failure, topics, url } = state;
  const found = sum(topics, 'found');
  const added = sum(topics, 'added');
  const why = t(failure === 'unreachable' || failure === 'wrong' ? whys[failure] : 'import.other');
  return (
    <div class="stack" aria-live="polite" aria-busy={phase === 'running'}>
      <Notice tone={phase === 'failed' ? 'danger' : 'plain'}>
        {phase === 'running'
          ? t('import.running', { node: new URL(url).host })
          : phase === 'failed'
            ? t('import.failed', { why })
            : phase === 'stopped'
              ? t('import.stopped')
              : found === 0
                ? t('import.nothing')
                : t('import.fromDone', { added, found })}
      </Notice>
      {topics.length > 0 && <Counts topics={topics} />}
    </div>
  );
}

const kinds = { keys: 'import.keys', choices: 'import.choices', invitations: 'import.invitations' } as const;

/** Topics that are listed: more of them nobody reads. */
const mostShown = 300;

function Counts({ topics }: { readonly topics: readonly NodeImportTopic[] }): JSX.Element {
  const names = useContext(NamesContext);
  const rows = useAsked(() => background.call('listConversations', { limit: 50_000 }), 'all', ['conversations']).value?.rows ?? [];
  const byId = new Map(rows.map((row) => [row.id, row]));
  const nameOf = ({ kind, conversation, topic }: NodeImportTopic): string => {
    if (kind !== 'conversation') return t(kinds[kind]);
    const row = conversation === null ? undefined : byId.get(conversation);
    if (!row) return topic.split('/').at(-2) ?? topic;
    return row.group ? groupName(row.group) : visibleLine(names[row.peer] ?? shortAddress(row.peer));
  };
  return (
    <div class="table-scroll">
      <table class="small counts">
        <caption class="hidden">{t('import.counts')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('import.topic')}</th>
            <th scope="col">{t('import.found')}</th>
            <th scope="col">{t('import.new')}</th>
            <th scope="col">{t('import.unread')}</th>
          </tr>
        </thead>
        <tbody>
          {topics.slice(0, mostShown).map((each) => (
            <tr key={each.topic}>
              <th scope="row">
                <bdi>{nameOf(each)}</bdi>
              </th>
              <td>{numbered(each.found)}</td>
              <td>{numbered(each.added)}</td>
              <td>{numbered(each.unread)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {topics.length > mostShown && <p class="small quiet">{t('import.more', { count: topics.length - mostShown })}</p>}
    </div>
  );
}

const sum = (topics: readonly NodeImportTopic[], which: 'found' | 'added'): number => topics.reduce((all, each) => all + each[which], 0);
