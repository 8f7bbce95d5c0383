/** As much of Node's Buffer as xmtp-js asks for in a browser, where it expects its user to bring one. */
class BrowserBuffer extends Uint8Array {
  static override from(source: unknown, encoding?: unknown): BrowserBuffer {
    if (typeof source !== 'string') return new BrowserBuffer(source as ArrayLike<number>);
    if (encoding === 'hex') return new BrowserBuffer((source.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)));
    if (encoding !== 'base64' && encoding !== 'binary') return new BrowserBuffer(new TextEncoder().encode(source));
    const binary = encoding === 'base64' ? atob(source) : source;
    const bytes = new BrowserBuffer(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  }

  static alloc(length: number): BrowserBuffer {
    return new BrowserBuffer(length);
  }

  static isBuffer(value: unknown): boolean {
    return value instanceof BrowserBuffer;
  }

  static concat(parts: readonly Uint8Array[]): BrowserBuffer {
    const whole = new BrowserBuffer(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  compare(other: Uint8Array): number {
    const at = this.findIndex((byte, i) => byte !== other[i]);
    return at < 0 ? 0 : Math.sign((this[at] as number) - (other[at] as number));
  }

  override toString(encoding?: string): string {
    if (encoding === 'hex') return Array.from(this, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const binary = Array.from(this, (byte) => String.fromCharCode(byte)).join('');
    return encoding === 'base64' ? btoa(binary) : encoding === 'binary' ? binary : new TextDecoder().decode(this);
  }
}

Object.assign(globalThis, { Buffer: BrowserBuffer });
