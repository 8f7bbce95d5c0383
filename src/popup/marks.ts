/** What marks make of a text: parts to be drawn as elements around text, never as markup. */
export type Marked =
  | { readonly kind: 'text' | 'code' | 'block'; readonly text: string }
  | { readonly kind: 'bold' | 'italic' | 'item'; readonly parts: readonly Marked[] };

/**
 * Reads the marks that people type: `code`, fenced blocks and **bold** everywhere; with `all` (a text whose writer said that it has marks) also *italic* or
 * _italic_ and lists. Whatever is no pair stays as it was typed. Lengths are bounded, so that no text takes long.
 */
export function readMarks(text: string, all: boolean): Marked[] {
  const parts: Marked[] = [];
  let end = 0;
  for (const fence of text.matchAll(/```(?:[\w+#-]{0,20}\n)?([\s\S]{1,20000}?)\n?```\n?/g)) {
    parts.push(...lines(text.slice(end, fence.index).replace(/\n$/, ''), all));
    parts.push({ kind: 'block', text: fence[1] ?? '' });
    end = fence.index + fence[0].length;
  }
  parts.push(...lines(text.slice(end), all));
  return parts;
}

function lines(text: string, all: boolean): Marked[] {
  if (text === '') return [];
  if (!all) return inline(text, false);
  const parts: Marked[] = [];
  let plain: string[] = [];
  const flush = (): void => {
    if (plain.length > 0) parts.push(...inline(plain.join('\n'), true));
    plain = [];
  };
  for (const line of text.split('\n')) {
    const item = /^\s{0,8}(?:[-*+•]|(\d{1,9})[.)])\s+(.*)$/.exec(line);
    if (!item) {
      plain.push(line);
      continue;
    }
    flush();
    parts.push({ kind: 'item', parts: inline(`${item[1] === undefined ? '•' : `${item[1]}.`} ${item[2] ?? ''}`, true) });
  }
  flush();
  return parts;
}

const always = /`([^`\n]{1,2000})`|\*\*(?=[^\s*])([^\n]{1,2000}?[^\s*]|[^\s*])\*\*/g;
const more =
  /`([^`\n]{1,2000})`|\*\*(?=[^\s*])([^\n]{1,2000}?[^\s*]|[^\s*])\*\*|(?<![\p{L}\p{N}*])\*(?=[^\s*])([^*\n]{1,2000})(?<=[^\s])\*(?![\p{L}\p{N}*])|(?<![\p{L}\p{N}_])_(?=[^\s_])([^_\n]{1,2000})(?<=[^\s])_(?![\p{L}\p{N}_])/gu;

function inline(text: string, all: boolean): Marked[] {
  const parts: Marked[] = [];
  let end = 0;
  for (const found of text.matchAll(all ? more : always)) {
    if (found.index > end) parts.push({ kind: 'text', text: text.slice(end, found.index) });
    const [whole, code, bold, star, bar] = found;
    if (code !== undefined) parts.push({ kind: 'code', text: code });
    else if (bold !== undefined) parts.push({ kind: 'bold', parts: inline(bold, all) });
    else parts.push({ kind: 'italic', parts: inline(star ?? bar ?? '', all) });
    end = found.index + whole.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}
