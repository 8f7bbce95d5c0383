import { toHex, utf8 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { keccak256 } from './hash.ts';

/** A wallet's address in EIP-55 form. */
export type Address = `0x${string}`;

/** The address of an uncompressed public point of 65 bytes (SPEC 1.6). */
export const addressOf = (point: Uint8Array): Address => checksum(toHex(keccak256(point.subarray(1)).subarray(12)));

/** Takes an address that is all lower case or in exact EIP-55 form (SPEC 4.3). @throws ProtocolError malformed */
export function parseAddress(text: string): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new ProtocolError('malformed', 'an address is 0x and 40 hex digits');
  const digits = text.slice(2);
  const address = checksum(digits.toLowerCase());
  if (digits !== digits.toLowerCase() && text !== address) throw new ProtocolError('malformed', 'the checksum of the address is wrong');
  return address;
}

export function isAddress(text: string): text is Address {
  try {
    parseAddress(text);
    return true;
  } catch {
    return false;
  }
}

function checksum(digits: string): Address {
  const hash = toHex(keccak256(utf8(digits)));
  let text = '';
  for (let i = 0; i < 40; i++) text += Number.parseInt(hash[i] as string, 16) >= 8 ? (digits[i] as string).toUpperCase() : digits[i];
  return `0x${text}`;
}
