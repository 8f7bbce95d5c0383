import { parseAddress } from '../../../src/protocol/address.ts';
import { fromBase64 } from '../../../src/protocol/bytes.ts';
import { type FrameClick, framePost, openFrameAction } from '../../../src/protocol/frame-action.ts';
import { decodePrivateBundle, publicBundle } from '../../../src/protocol/private-keys.ts';
import { type Check, same, type Vector } from '../vector.ts';

/** Signs the same click, byte for byte, and reads it back. */
const sign = ({ in: given, out }: Vector): void => {
  const bundle = decodePrivateBundle(given.bytes('privateKeyBundle'));
  const { participantAccountAddresses, ...inputs } = given.raw('inputs') as Omit<FrameClick, 'participants'> & {
    readonly participantAccountAddresses: string[];
  };
  const click = { ...inputs, participants: participantAccountAddresses.map(parseAddress) };
  const post = framePost(bundle, click, () => Number(given.long('nowMs')));
  same(post, out.raw('post'), 'post');

  const { sender, body } = openFrameAction(fromBase64(post.trustedData.messageBytes));
  same(sender, publicBundle(bundle).address, 'sender');
  same([body.frameUrl, body.buttonIndex, String(body.timestamp)], [click.frameUrl, click.buttonIndex, given.text('nowMs')], 'body');
  same(body.opaqueConversationIdentifier, post.untrustedData['opaqueConversationIdentifier'], 'opaqueConversationIdentifier');
};

export const frames: readonly Check[] = [{ needs: ['privateKeyBundle', 'inputs', 'nowMs'], run: sign }];
