import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Founding } from '../../../rpc/views/founding.ts';
import { shortAddress } from '../../address.ts';
import { Avatar } from '../../parts/Avatar.tsx';
import { Button } from '../../parts/Button.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t } from '../../t.tsx';
import type { FoundWallet } from '../../wallets/injected.ts';
import { accountsOf, closePage, openNodePage, pageIn, type WalletPage, walletsIn } from '../../wallets/page-wallet.ts';
import { explainPage, walletName } from '../../wallets/words.ts';
import { hostOf } from './Start.tsx';
import { Stepped } from './Stepped.tsx';
import { Waiting } from './Waiting.tsx';

/** A wallet that was reached, and where. */
export interface Reached {
  readonly page: WalletPage;
  readonly wallet: FoundWallet;
}

interface PageWalletProps {
  /** The tab whose page has the wallet; null: the node's own page. */
  readonly tab: number | null;
  readonly node: string;
  /** The account that has to sign, where there is one already. */
  readonly address: string | null;
  readonly onReached: (reached: Reached, founding: Founding | null) => void;
  readonly onBack: () => void;
}

/** Looks on a page for wallets, and connects to the one that somebody chooses. */
export function PageWallet({ tab, node, address, onReached, onBack }: PageWalletProps): JSX.Element {
  const [page, setPage] = useState<WalletPage | null>(null);
  const [wallets, setWallets] = useState<readonly FoundWallet[] | null>(null);
  const [accounts, setAccounts] = useState<{ readonly wallet: FoundWallet; readonly list: readonly string[] } | null>(null);
  const [asking, setAsking] = useState<FoundWallet | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const kept = useRef(false);
  const opened = useRef<WalletPage | null>(null);
  const turn = useRef(0);
  const work = useWork();

  const look = (): Promise<void> =>
    work.run(async () => {
      setFailure(null);
      setAccounts(null);
      try {
        const found = page ?? (tab === null ? await openNodePage(node) : await pageIn(tab));
        opened.current = found;
        setPage(found);
        // Wallets come a little after their page.
        for (let tries = 0; tries < 5; tries++) {
          const list = await walletsIn(found);
          setWallets(list);
          if (list.length > 0) break;
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      } catch (error) {
        setPage(null);
        setWallets(null);
        setFailure(error);
      }
    });
  useEffect(() => void look(), []);
  useEffect(
    () => () => {
      if (!kept.current && opened.current) void closePage(opened.current);
    },
    [],
  );

  const take = async (wallet: FoundWallet, account: string): Promise<void> => {
    if (!page) return;
    const founding = address === null ? await background.call('beginExternal', { address: account.toLowerCase() as `0x${string}` }) : null;
    kept.current = true;
    onReached({ page, wallet }, founding);
  };
  const connect = async (wallet: FoundWallet): Promise<void> => {
    if (!page) return;
    const mine = ++turn.current;
    setAsking(wallet);
    setFailure(null);
    setAccounts(null);
    try {
      const list = await accountsOf(page, wallet);
      if (mine !== turn.current) return; // given up meanwhile
      const [only] = list;
      if (address !== null) await take(wallet, address);
      else if (list.length === 1 && only) await take(wallet, only);
      else setAccounts({ wallet, list });
    } catch (error) {
      if (mine === turn.current) setFailure(error);
    } finally {
      if (mine === turn.current) setAsking(null);
    }
  };
  const where = tab === null ? hostOf(node) : page ? hostOf(page.origin) : t('pageWallet.thePage');
  return (
    <Stepped step={[1, 3]} title={accounts ? t('common.whichAccountQuestion') : t('pageWallet.chooseYourWallet')} onBack={onBack}>
      {!accounts && (
        <p class="quiet">{rich(tab === null ? 'pageWallet.throughNode' : 'pageWallet.throughTab', { where: <strong>{where}</strong> })}</p>
      )}
      {accounts ? (
        <ul class="picks">
          {accounts.list.map((account) => (
            <li key={account}>
              <button type="button" class="pick" onClick={() => void work.run(() => take(accounts.wallet, account))}>
                <Avatar address={account} size={28} />
                <span class="middle address" title={account}>
                  {shortAddress(account)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        wallets &&
        wallets.length > 0 && (
          <ul class="picks" aria-label={t('pageWallet.wallets')}>
            {wallets.map((wallet) => (
              <li key={wallet.id}>
                <button type="button" class="pick" disabled={asking !== null} onClick={() => void connect(wallet)}>
                  {wallet.icon === null ? <span class="wallet-icon" /> : <img class="wallet-icon" src={wallet.icon} alt="" />}
                  <span class="middle">{walletName(wallet)}</span>
                </button>
              </li>
            ))}
          </ul>
        )
      )}
      {work.busy && (
        <p class="small quiet" role="status">
          {t('pageWallet.lookingForWalletsBegin')}
        </p>
      )}
      {asking && (
        <Waiting
          what={t('pageWallet.asksWhetherThisPage', { name: walletName(asking) })}
          onStop={() => {
            turn.current++;
            setAsking(null);
          }}
        />
      )}
      {!work.busy && wallets?.length === 0 && <Notice tone="caution">{t('pageWallet.noWalletHasShown', { where })}</Notice>}
      {failure !== null && <Notice tone="danger">{explainPage(failure)}</Notice>}
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      {!work.busy && !asking && (
        <div class="side">
          <Button onClick={() => void look()}>{t('common.lookAgain')}</Button>
        </div>
      )}
    </Stepped>
  );
}
