import { ScanQrCode } from 'lucide';
import type { JSX } from 'preact';
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks';
import type { PeerAnswer } from '../../rpc/views/conversations.ts';
import { findAddress, shortAddress } from '../address.ts';
import { addressOfName, explainEns, looksLikeName } from '../ens.ts';
import { explain } from '../explain.ts';
import { EnsContext } from '../names.ts';
import { addressInPicture } from '../qr-picture.ts';
import { background } from '../rpc.ts';
import { rich, t } from '../t.tsx';
import { Field } from './Field.tsx';
import { Icon } from './Icon.tsx';
import { KnownPeople, useKnownPeople } from './KnownPeople.tsx';
import { Notice } from './Notice.tsx';

type Found = { readonly answer: PeerAnswer; readonly name: string | null } | { readonly error: string } | null;

/** What is known of an address that is being typed; `answer` is null while it is not whole, one's own, or nothing was answered. */
export interface TypedPeer {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly answer: PeerAnswer | null;
  /** The name that was typed in its place. */
  readonly name: string | null;
  readonly hint: string;
  readonly tone: 'plain' | 'good' | 'caution' | 'danger';
  readonly askAgain: () => void;
}

/** Asks the node about an address as it is typed. */
export function usePeer(own: string): TypedPeer {
  const [text, setText] = useState('');
  const [found, setFound] = useState<Found>(null);
  const [asked, setAsked] = useState(0);
  const address = text.trim();
  const whole = /^0x[0-9a-fA-F]{40}$/.test(address);
  const mine = address.toLowerCase() === own.toLowerCase();
  const rpc = useContext(EnsContext);
  const named = !whole && looksLikeName(address);

  useEffect(() => {
    setFound(null);
    if (mine || !(whole || (named && rpc !== null))) return;
    let current = true;
    const look = async (): Promise<Found> => {
      if (whole || rpc === null) return { answer: await background.call('lookUpPeer', { peer: address }), name: null };
      const meant = await addressOfName(rpc, address);
      if (!meant) return { error: t('ens.nobody') };
      return { answer: await background.call('lookUpPeer', { peer: meant.address }), name: meant.name };
    };
    // A name is asked for when it is likely whole: each asking tells the server something.
    const timer = setTimeout(
      () => {
        look().then(
          (next) => current && setFound(next),
          (error: unknown) =>
            current &&
            setFound({
              error: explainEns(error) ?? explain(error),
            }),
        );
      },
      whole ? 120 : 600,
    );
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [address, whole, mine, named, rpc, asked]);

  const answer = !mine && found && 'answer' in found ? found.answer : null;
  const name = answer && found && 'name' in found ? found.name : null;
  const said = named ? sayOfName(found, rpc !== null) : say(address, whole, found, own);
  return { text, setText, answer, name, ...said, askAgain: () => setAsked(asked + 1) };
}

interface PeerFieldProps {
  readonly peer: TypedPeer;
  readonly autoFocus?: boolean;
  /** In place of what is known of the address. */
  readonly hint?: string;
}

/** One field; it answers as one types, takes the address out of whatever is pasted, and knows people by their names. */
export function PeerField({ peer, autoFocus = false, hint }: PeerFieldProps): JSX.Element {
  const people = useKnownPeople(peer.text);
  const place = useRef<HTMLInputElement>(null);
  const input = useId();
  const [unread, setUnread] = useState<string | null>(null);
  const scan = (file: File): void => {
    setUnread(null);
    addressInPicture(file).then(
      (address) => {
        if (address) peer.setText(address);
        else setUnread(t('peerField.noCode'));
        place.current?.focus();
      },
      () => setUnread(t('peerField.noPicture')),
    );
  };
  const said = people.length > 0 ? t('peerField.chooseSomebodyOrGo') : hint;
  return (
    <>
      <Field
        label={t('common.walletAddress')}
        value={peer.text}
        onValue={(text) => {
          setUnread(null);
          peer.setText(text);
        }}
        placeholder="0x…"
        autoFocus={autoFocus}
        inputRef={place}
        mono
        hint={said ?? peer.hint}
        tone={said === undefined ? peer.tone : 'plain'}
        onPaste={(event) => {
          const [picture] = [...(event.clipboardData?.files ?? [])];
          if (picture?.type.startsWith('image/')) {
            event.preventDefault();
            scan(picture);
            return;
          }
          const pasted = event.clipboardData?.getData('text') ?? '';
          const inside = findAddress(pasted);
          if (!inside || inside === pasted.trim()) return;
          event.preventDefault();
          peer.setText(inside);
        }}
      />
      <div class="file-field">
        <label for={input} class="button plain">
          <Icon of={ScanQrCode} size={16} />
          {t('peerField.readACode')}
        </label>
        <input
          id={input}
          class="hidden"
          type="file"
          accept="image/*"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = '';
            if (file) scan(file);
          }}
        />
      </div>
      {unread && <Notice tone="caution">{unread}</Notice>}
      <KnownPeople
        people={people}
        onChoose={(address) => {
          peer.setText(address);
          place.current?.focus();
        }}
      />
    </>
  );
}

function say(
  address: string,
  whole: boolean,
  found: Found,
  own: string,
): { readonly hint: string; readonly tone: 'plain' | 'good' | 'caution' | 'danger' } {
  if (address === '') return { hint: t('peerField.form'), tone: 'plain' };
  if (!whole) {
    const fits = /^0x?[0-9a-fA-F]*$/.test(address) && address.length < 42;
    return fits
      ? { hint: t('peerField.moreCharacters', { count: 42 - address.length }), tone: 'plain' }
      : { hint: t('peerField.thisIsNoWallet'), tone: 'danger' };
  }
  if (address.toLowerCase() === own.toLowerCase()) return { hint: t('peerField.thisIsYourOwn'), tone: 'danger' };
  if (!found) return { hint: t('common.askingTheNodeBegin'), tone: 'plain' };
  if ('error' in found) return { hint: found.error, tone: 'danger' };
  const { state, conversation } = found.answer;
  if (state === 'self') return { hint: t('peerField.thisIsYourOwn'), tone: 'danger' };
  if (conversation !== null) return { hint: t('peerField.youHaveAConversation'), tone: 'good' };
  if (state === 'reachable') return { hint: t('peerField.canBeReached'), tone: 'good' };
  if (state === 'absent') return { hint: t('peerField.notOnThisNetwork'), tone: 'caution' };
  return { hint: t('peerField.theNodeDidNot'), tone: 'caution' };
}

/** The same where a name was typed. */
function sayOfName(found: Found, on: boolean): ReturnType<typeof say> {
  if (!on) return { hint: t('ens.isOff'), tone: 'caution' };
  if (!found) return { hint: t('ens.asking'), tone: 'plain' };
  if ('error' in found) return { hint: found.error, tone: 'danger' };
  return say(found.answer.address, true, found, '');
}

/** Two addresses that begin and end alike are how people are robbed: show where they differ. */
export function LookAlike({ address, known }: { readonly address: string; readonly known: string }): JSX.Element {
  return (
    <Notice tone="caution">
      {rich('peerField.thisLooksLikeWhom', { name: <span class="mono">{shortAddress(known)}</span> })}
      <dl class="differ">
        <dt>{t('peerField.known')}</dt>
        <dd class="mono">{marked(known, address)}</dd>
        <dt>{t('peerField.this')}</dt>
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
