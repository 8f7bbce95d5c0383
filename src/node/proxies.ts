import { BlockList, isIP } from 'node:net';
import { header, type Origin } from './http.ts';

/** Those whose word on where a request comes from is believed. */
export class Proxies {
  readonly #list = new BlockList();
  readonly #any: boolean;

  /** Addresses or ranges, such as `10.0.0.0/8`. */
  constructor(ranges: readonly string[]) {
    this.#any = ranges.length > 0;
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  has(address: string): boolean {
    if (!this.#any) return false;
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  /** The peer, or whom the nearest proxies that we trust name. */
  addressOf(from: Origin): string {
    let address = from.remoteAddress ?? '';
    if (!this.#any) return address;
    const chain = (header(from, 'x-forwarded-for') ?? '')
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean);
    while (this.has(address)) {
      const next = chain.pop();
      if (next === undefined || isIP(next) === 0) break;
      address = next;
    }
    return address;
  }
}
