import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Founding, PhraseAccount } from '../../../rpc/views/founding.ts';
import { shortAddress } from '../../address.ts';
import { explain } from '../../explain.ts';
import { Avatar } from '../../parts/Avatar.tsx';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Segments } from '../../parts/Segments.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { t } from '../../t.tsx';
import { Stepped } from './Stepped.tsx';

type Kind = 'standard' | 'ledger-live' | 'ledger-old';

const kinds = () =>
  [
    { value: 'standard', words: t('pickAccount.usual') },
    { value: 'ledger-live', words: t('pickAccount.ledger') },
    { value: 'ledger-old', words: t('pickAccount.oldLedger') },
  ] as const;

const knownWords = {
  conversations: 'pickAccount.hasConversations',
  keys: 'pickAccount.hasKeys',
  nothing: 'pickAccount.isNew',
} as const;

interface PickProps {
  readonly onFounding: (founding: Founding) => void;
  readonly onBack: () => void;
}

/** The accounts of a phrase; the first that has conversations is chosen unless somebody chooses otherwise. */
export function PickAccount({ onFounding, onBack }: PickProps): JSX.Element {
  const [kind, setKind] = useState<Kind>('standard');
  const [accounts, setAccounts] = useState<readonly PhraseAccount[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [path, setPath] = useState<string | null>(null);
  /** The account at a path of its own, which counts for none of the kinds. */
  const [found, setFound] = useState<string | null>(null);
  const [loading, setLoading] = useState(true);
  const [failure, setFailure] = useState<unknown>(null);
  const turn = useRef(0);
  const work = useWork();
  const more = async (of: Kind, from: number): Promise<void> => {
    const mine = ++turn.current; // whoever chooses another kind waits for no answer about this one
    setLoading(true);
    setFailure(null);
    try {
      const next = await background.call('foundingAccounts', { kind: of, from });
      if (mine !== turn.current) return;
      setAccounts((before) => (from === 0 ? next : [...before.filter((each) => !next.some((other) => other.path === each.path)), ...next]));
    } catch (error) {
      if (mine === turn.current) setFailure(error);
    } finally {
      if (mine === turn.current) setLoading(false);
    }
  };
  useEffect(() => {
    setAccounts([]);
    setFound(null);
    void more(kind, 0);
  }, [kind]);
  const selected = chosen ?? accounts.find(({ known }) => known === 'conversations')?.path ?? accounts[0]?.path ?? null;
  const go = (): Promise<void> =>
    work.run(async () => {
      if (selected !== null) onFounding(await background.call('chooseFoundingAccount', { path: selected }));
    });
  const find = (): Promise<void> =>
    work.run(async () => {
      const [account] = await background.call('foundingAccountAt', { path: path ?? '' });
      if (!account) return;
      if (!accounts.some((each) => each.path === account.path)) {
        setAccounts([...accounts.filter((each) => each.path !== found), account]);
        setFound(account.path);
      }
      setChosen(account.path);
      setPath(null);
    });
  return (
    <Stepped
      step={[2, 3]}
      title={t('common.whichAccountQuestion')}
      onBack={onBack}
      busy={work.busy}
      next={{ ready: selected !== null && path === null, go }}
    >
      <Segments
        legend={t('pickAccount.howTheWalletCounts')}
        name="kind"
        choices={kinds()}
        chosen={kind}
        onChoose={(next) => {
          setChosen(null);
          setKind(next);
        }}
      />
      <fieldset class="picks">
        <legend class="hidden">{t('common.accounts')}</legend>
        {accounts.map(({ path: at, address, known }) => (
          <label key={at} class="pick">
            <input type="radio" name="account" checked={selected === at} onChange={() => setChosen(at)} />
            <Avatar address={address} size={28} />
            <span class="middle">
              <span class="address" title={address}>
                {shortAddress(address)}
              </span>
              <span class="small quiet mono">{at}</span>
              {known !== null && <span class={`small ${known === 'conversations' ? 'good' : 'quiet'}`}>{t(knownWords[known])}</span>}
            </span>
          </label>
        ))}
      </fieldset>
      {loading && accounts.length === 0 && (
        <p class="small quiet" role="status">
          {t('pickAccount.workingOutTheAccounts')}
        </p>
      )}
      {accounts.length > 0 && accounts.every(({ known }) => known === null) && (
        <Notice tone="caution">{t('pickAccount.theNodeDidNot')}</Notice>
      )}
      {failure !== null && <Notice tone="danger">{explain(failure)}</Notice>}
      {path === null ? (
        <div class="side">
          <Button disabled={loading} onClick={() => void more(kind, accounts.filter(({ path: at }) => at !== found).length)}>
            {t('pickAccount.showMore')}
          </Button>
          <Button kind="plain" onClick={() => setPath("m/44'/60'/0'/0/0")}>
            {t('pickAccount.anotherPath')}
          </Button>
        </div>
      ) : (
        <div class="stack">
          <Field
            label={t('pickAccount.derivationPath')}
            value={path}
            onValue={(value) => {
              work.clear();
              setPath(value);
            }}
            autoFocus
            mono
            hint={work.error ?? t('pickAccount.howTheKeyFollows')}
            tone={work.error ? 'danger' : 'plain'}
          />
          <div class="side">
            <Button onClick={() => setPath(null)}>{t('common.cancel')}</Button>
            <Button disabled={work.busy} onClick={() => void find()}>
              {t('pickAccount.findAccount')}
            </Button>
          </div>
        </div>
      )}
    </Stepped>
  );
}
