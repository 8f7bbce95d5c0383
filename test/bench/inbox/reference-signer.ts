import { addressOf } from '../../../src/protocol/address.ts';
import { toHex } from '../../../src/protocol/bytes.ts';
import { publicPoint } from '../../../src/protocol/secp256k1.ts';
import { signText } from '../../../src/protocol/wallet-signature.ts';

/** A wallet that signs what the reference client asks for, in a page. */
export const signerOf = (walletKey: Uint8Array) => ({
  getAddress: async () => addressOf(publicPoint(walletKey)),
  signMessage: async (text: string) => `0x${toHex(signText(text, walletKey))}`,
});
