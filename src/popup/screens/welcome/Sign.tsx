import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Founding, FoundingStage, SignatureFault, SigningQuestion } from '../../../rpc/views/founding.ts';
import { FullAddress } from '../../parts/Address.tsx';
import { Button } from '../../parts/Button.tsx';
import { Field } from '../../parts/Field.tsx';
import { Notice } from '../../parts/Notice.tsx';
import { Qr } from '../../parts/Qr.tsx';
import { background } from '../../rpc.ts';
import { useWork } from '../../state.ts';
import { rich, t, type Words } from '../../t.tsx';
import { signatureOf } from '../../wallets/page-wallet.ts';
import { explainPage, faultWords, purposes, walletName } from '../../wallets/words.ts';
import type { Reached } from './PageWallet.tsx';
import { hostOf } from './Start.tsx';
import { Stepped } from './Stepped.tsx';
import { Waiting } from './Waiting.tsx';

interface SignProps {
  readonly founding: Founding;
  readonly stage: Extract<FoundingStage, { readonly step: 'sign' }>;
  /** The wallet in a page; null: somewhere apart, its signature is pasted. */
  readonly reached: Reached | null;
  readonly onFounding: (founding: Founding) => void;
  /** Signing is to go the other way. */
  readonly onOther: () => void;
  readonly onNoBackup: () => void;
  readonly onBack: () => void;
}

/** Shows what is to be signed and why, before any wallet is asked; then asks, or takes what is pasted. */
export function Sign({ founding, stage, reached, onFounding, onOther, onNoBackup, onBack }: SignProps): JSX.Element {
  const { purpose, text, number } = stage;
  const address = founding.address ?? '';
  const [fault, setFault] = useState<SignatureFault | null>(null);
  const give = async (question: SigningQuestion, origin: string | null, signature: string): Promise<void> => {
    const { founding: next, fault: found } = await background.call('giveWalletAnswer', { nonce: question.nonce, origin, signature });
    setFault(found);
    if (!found) onFounding(next);
  };
  const forget = (): void => setFault(null);
  const { title, why } = purposes[purpose];
  const sealing = purpose !== 'create';
  return (
    <Stepped step={[2, 3]} title={t(title)} onBack={onBack}>
      <p class="quiet">{t(why)}</p>
      {purpose === 'open' && number > 1 && <p class="small quiet">{t('sign.thisIsBackupCounted', { number })}</p>}
      <div class="stack tight">
        <h2 class="small">{t('sign.theTextWordFor')}</h2>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
        <section class="signing-text" tabIndex={0} aria-label={t('sign.textToSign')}>
          {text}
        </section>
      </div>
      <div class="stack tight">
        <h2 class="small">{t('sign.byThisAccount')}</h2>
        <FullAddress address={address} />
      </div>
      {sealing && reached && <Notice tone="caution">{t('sign.thePageAtSees', { host: hostOf(reached.page.origin) })}</Notice>}
      {fault && <Notice tone="danger">{faultWords(fault, address)}</Notice>}
      {reached ? (
        <InPage reached={reached} onAnswer={give} onAsk={forget} />
      ) : (
        <Pasted key={`${purpose} ${text}`} text={text} onAnswer={give} onType={forget} />
      )}
      <div class="side">
        <Button kind="plain" onClick={onOther}>
          {reached ? t('sign.signElsewhereAndPaste') : t('sign.useAWalletIn')}
        </Button>
        {(purpose === 'enable' || purpose === 'enable-again') && (
          <Button kind="plain" onClick={onNoBackup}>
            {t('common.goOnWithoutA')}
          </Button>
        )}
      </div>
    </Stepped>
  );
}

interface InPageProps {
  readonly reached: Reached;
  readonly onAnswer: (question: SigningQuestion, origin: string, signature: string) => Promise<void>;
  readonly onAsk: () => void;
}

function InPage({ reached, onAnswer, onAsk }: InPageProps): JSX.Element {
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const turn = useRef(0);
  const ask = async (): Promise<void> => {
    const mine = ++turn.current;
    setAsking(true);
    setFailure(null);
    onAsk();
    try {
      const question = await background.call('askWallet', { origin: reached.page.origin });
      const { origin, signature } = await signatureOf(reached.page, reached.wallet, question);
      if (mine === turn.current) await onAnswer(question, origin, signature);
    } catch (error) {
      if (mine === turn.current) setFailure(error);
    } finally {
      if (mine === turn.current) setAsking(false);
    }
  };
  useEffect(
    () => () => {
      turn.current++;
    },
    [],
  );
  const stop = (): void => {
    turn.current++;
    setAsking(false);
  };
  return (
    <>
      {failure !== null && <Notice tone="danger">{explainPage(failure)}</Notice>}
      {asking ? (
        <Waiting what={t('sign.asksYouToSign', { name: walletName(reached.wallet) })} onStop={stop} />
      ) : (
        <Button kind="primary" wide onClick={() => void ask()}>
          {t('sign.signWithNamed', { name: walletName(reached.wallet) })}
        </Button>
      )}
    </>
  );
}

interface PastedProps {
  readonly text: string;
  readonly onAnswer: (question: SigningQuestion, origin: null, signature: string) => Promise<void>;
  readonly onType: () => void;
}

function Pasted({ text, onAnswer, onType }: PastedProps): JSX.Element {
  const [signature, setSignature] = useState('');
  const [copied, setCopied] = useState(false);
  const work = useWork();
  const check = (value: string): void =>
    void work.run(async () => onAnswer(await background.call('askWallet', { origin: null }), null, value));
  return (
    <>
      <div class="qr-frame">
        <Qr text={text} label={t('sign.theTextToSign')} />
      </div>
      <p class="small quiet">{rich('sign.signItAsA', { code: (words: Words) => <code class="mono">{words}</code> })}</p>
      <div class="side">
        <Button
          onClick={() => {
            navigator.clipboard.writeText(text).then(
              () => setCopied(true),
              () => undefined, // refused by the browser: the text can still be selected
            );
          }}
        >
          {copied ? t('sign.textCopied') : t('sign.copyTheText')}
        </Button>
      </div>
      <Field
        label={t('sign.signature')}
        value={signature}
        onValue={(value) => {
          onType();
          setSignature(value);
        }}
        onPaste={(event) => {
          const pasted = event.clipboardData?.getData('text') ?? '';
          if (pasted.trim().length < 128) return;
          event.preventDefault();
          setSignature(pasted.trim());
          check(pasted);
        }}
        mono
        placeholder="0x…"
        hint={signature === '' ? t('sign.with130DigitsAfter0x') : ''}
      />
      {work.error && <Notice tone="danger">{work.error}</Notice>}
      <Button kind="primary" wide disabled={work.busy || signature.trim() === ''} onClick={() => check(signature)}>
        {t('sign.checkTheSignature')}
      </Button>
    </>
  );
}
