import type { JSX } from 'preact';
import { conversationPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { t } from '../t.tsx';
import { Button } from './Button.tsx';
import { Notice } from './Notice.tsx';

interface OtherKeysProps {
  readonly peer: string;
  readonly accepted: () => void | Promise<void>;
  /** Where the safety numbers are, if there is a conversation. */
  readonly details?: string;
}

/** The wallet vouches for other keys than the known ones: a person lost the old ones, or was talked into a signature. Only people can tell which. */
export function OtherKeys({ peer, accepted, details }: OtherKeysProps): JSX.Element {
  const { run, busy, error } = useWork();
  const accept = (): Promise<void> =>
    run(async () => {
      await background.call('acceptKeys', { peer });
      await accepted();
    });
  return (
    <>
      <Notice tone="caution">{t('otherKeys.theKeysOfThis')}</Notice>
      {error && <Notice tone="danger">{error}</Notice>}
      <div class="side">
        <Button onClick={() => void accept()} disabled={busy}>
          {t('otherKeys.useTheNewKeys')}
        </Button>
        {details && <a href={details}>{t('otherKeys.compareSafetyNumbers')}</a>}
      </div>
    </>
  );
}

/** The node shows an older key than was seen before: harmless where it lags behind, and a sign of one that plays old answers again. */
export const OlderKeys = (): JSX.Element => <Notice tone="caution">{t('otherKeys.thisNodeShowsAn')}</Notice>;

/** What was said under keys that one of the two no longer uses. */
export function Retired({ peer }: { readonly peer: string }): JSX.Element {
  const { run, busy, error } = useWork();
  const goOn = (): Promise<void> =>
    run(async () => {
      const { id } = await background.call('startConversation', { peer });
      go(conversationPath(id));
    });
  return (
    <>
      <Notice>{t('otherKeys.thisConversationBelongsTo')}</Notice>
      {error && <Notice tone="danger">{error}</Notice>}
      <Button onClick={() => void goOn()} disabled={busy}>
        {t('otherKeys.goOnWithThe')}
      </Button>
    </>
  );
}
