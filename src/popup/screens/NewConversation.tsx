import { ArrowLeft } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PeerAnswer } from '../../rpc/views.ts';
import { findAddress, shortAddress } from '../address.ts';
import { FullAddress } from '../parts/Address.tsx';
import { Avatar } from '../parts/Avatar.tsx';
import { Button, IconLink } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Notice } from '../parts/Notice.tsx';
import { OlderKeys, OtherKeys } from '../parts/OtherKeys.tsx';
import { conversationPath, go } from '../router.ts';
import { background } from '../rpc.ts';
import { useWork } from '../state.ts';
import { explain, reasonOf } from '../words.ts';

type Found = { readonly answer: PeerAnswer } | { readonly error: string } | null;

/** One field; it answers as one types. */
export function NewConversation({ own, wide }: { readonly own: string; readonly wide: boolean }): JSX.Element {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found>(null);
  const [asked, setAsked] = useState(0);
  const work = useWork();
  const address = text.trim();
  const whole = /^0x[0-9a-fA-F]{40}$/.test(address);
  const mine = address.toLowerCase() === own.toLowerCase();

  useEffect(() => {
    setFound(null);
    if (!whole || mine) return;
    let current = true;
    const timer = setTimeout(() => {
      background.call('lookUpPeer', { peer: address }).then(
        (answer) => current && setFound({ answer }),
        (error: unknown) => current && setFound({ error: reasonOf(error) === 'bad-params' ? wrongChecksum : explain(error) }),
      );
    }, 120);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [address, whole, mine, asked]);

  const answer = !mine && found && 'answer' in found ? found.answer : null;
  const ready = answer !== null && (answer.state === 'reachable' || answer.conversation !== null) && !work.busy;
  const start = (): Promise<void> =>
    work.run(async () => {
      if (!answer) return;
      const { id } = await background.call('startConversation', { peer: answer.address });
      go(conversationPath(id));
    });
  const { hint, tone } = say(address, whole, found, own);

  return (
    <div class="screen">
      <header class={`bar${wide ? '' : ' with-back'}`}>
        {!wide && <IconLink icon={ArrowLeft} label="Back" href="#/" />}
        <h1>New conversation</h1>
      </header>
      <main class="scroll">
        <form
          class="page"
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) void start();
          }}
        >
          <Field
            label="Wallet address"
            value={text}
            onValue={setText}
            placeholder="0x…"
            autoFocus
            mono
            hint={hint}
            tone={tone}
            onPaste={(event) => {
              const pasted = event.clipboardData?.getData('text') ?? '';
              const inside = findAddress(pasted);
              if (!inside || inside === pasted.trim()) return;
              event.preventDefault();
              setText(inside);
            }}
          />
          {answer && answer.state !== 'self' && (
            <div class="account">
              <Avatar address={answer.address} />
              <FullAddress address={answer.address} />
            </div>
          )}
          {answer?.lookAlike && <LookAlike address={answer.address} known={answer.lookAlike} />}
          {answer?.warning === 'other-keys' && <OtherKeys peer={answer.address} accepted={() => setAsked(asked + 1)} />}
          {answer?.warning === 'older-keys' && <OlderKeys />}
          {work.error && <Notice tone="danger">{work.error}</Notice>}
          {answer?.state === 'unknown' && answer.conversation === null && <Button onClick={() => setAsked(asked + 1)}>Ask again</Button>}
          <Button kind="primary" type="submit" wide disabled={!ready}>
            Start
          </Button>
        </form>
      </main>
    </div>
  );
}

const wrongChecksum = 'The capitals in this address do not fit: a character is wrong. Copy it again from where you have it.';

function say(
  address: string,
  whole: boolean,
  found: Found,
  own: string,
): { readonly hint: string; readonly tone: 'plain' | 'good' | 'caution' | 'danger' } {
  if (address === '') return { hint: '0x and 40 digits. A link or a line that holds one can be pasted whole.', tone: 'plain' };
  if (!whole) {
    const fits = /^0x?[0-9a-fA-F]*$/.test(address) && address.length < 42;
    return fits
      ? { hint: `${42 - address.length} more characters.`, tone: 'plain' }
      : { hint: 'This is no wallet address: 0x and 40 digits, 0 to 9 and a to f.', tone: 'danger' };
  }
  if (address.toLowerCase() === own.toLowerCase()) return { hint: 'This is your own address.', tone: 'danger' };
  if (!found) return { hint: 'Asking the node…', tone: 'plain' };
  if ('error' in found) return { hint: found.error, tone: 'danger' };
  const { state, conversation } = found.answer;
  if (state === 'self') return { hint: 'This is your own address.', tone: 'danger' };
  if (conversation !== null) return { hint: 'You have a conversation already; Start opens it.', tone: 'good' };
  if (state === 'reachable') return { hint: 'Can be reached.', tone: 'good' };
  if (state === 'absent')
    return { hint: 'Not on this network yet. Ask them to open Parley, or any XMTP V2 app, on this node.', tone: 'caution' };
  return { hint: 'The node did not answer, so nobody knows yet.', tone: 'caution' };
}

/** Two addresses that begin and end alike are how people are robbed: show where they differ. */
function LookAlike({ address, known }: { readonly address: string; readonly known: string }): JSX.Element {
  return (
    <Notice tone="caution">
      This looks like <span class="mono">{shortAddress(known)}</span>, whom you know, and is another address. It differs here:
      <dl class="differ">
        <dt>Known</dt>
        <dd class="mono">{marked(known, address)}</dd>
        <dt>This</dt>
        <dd class="mono">{marked(address, known)}</dd>
      </dl>
    </Notice>
  );
}

const marked = (text: string, other: string): JSX.Element => (
  <>
    {[...text].map((character, index) =>
      character.toLowerCase() === other[index]?.toLowerCase() ? character : <mark key={index}>{character}</mark>,
    )}
  </>
);
