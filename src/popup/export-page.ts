import type { ConversationRow } from '../rpc/views/conversations.ts';
import type { MessageView, Shown } from '../rpc/views/messages.ts';
import { shortAddress } from './address.ts';
import { sizeOf } from './files.ts';
import type { NamesByAddress } from './names.ts';
import { groupName } from './names.ts';
import { background } from './rpc.ts';
import { quotedWords } from './said.ts';
import { t } from './t.tsx';
import { visible, visibleLine } from './text.ts';
import { clockTime, fullDay, fullTime, sameDay } from './time.ts';

/** What the page is made with; it does not change while it is. */
interface Setting {
  readonly own: string;
  readonly names: NamesByAddress;
  readonly now: number;
}

/** Messages that are asked for at once. */
const pageSize = 200;

/**
 * Conversations as a page that can be read anywhere: one HTML file in the language that is spoken, without scripts and without anything from elsewhere. Pictures that travel
 * in the messages are in it; other files are named. Answers the pieces of the file, and how many messages there are in it.
 */
export async function exportPage(
  rows: readonly ConversationRow[],
  setting: Setting,
): Promise<{ readonly pieces: readonly string[]; readonly messages: number }> {
  const sections: string[] = [];
  let messages = 0;
  for (const [index, row] of rows.entries()) {
    const said = await messagesOf(row.id);
    messages += said.length;
    sections.push(await section(row, index, said, setting));
  }
  return { pieces: [head(rows, messages, setting), ...sections, '</main>\n</body>\n</html>\n'], messages };
}

/** All that was said, the oldest first. */
async function messagesOf(id: string): Promise<MessageView[]> {
  const pages: (readonly MessageView[])[] = [];
  for (let before: string | undefined, more = true; more; ) {
    const page = await background.call('listMessages', { id, limit: pageSize, ...(before !== undefined && { before }) });
    pages.unshift(page.messages);
    before = page.messages[0]?.id;
    more = page.more && before !== undefined;
  }
  return pages.flat();
}

function head(rows: readonly ConversationRow[], messages: number, setting: Setting): string {
  const title = t('export.title', { time: fullTime(setting.now) });
  const contents = rows.map((row, index) => `<li><a href="#c${index}"><bdi>${escaped(nameOf(row, setting))}</bdi></a></li>`).join('\n');
  const { lang, dir } = document.documentElement;
  return `<!doctype html>
<html lang="${escaped(lang)}" dir="${escaped(dir || 'ltr')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(t('accounts.account'))} <code>${escaped(setting.own)}</code></p>
<p>${escaped(t('export.counts', { conversations: t('count.conversations', { count: rows.length }), messages: t('count.messages', { count: messages }) }))}</p>
${rows.length > 1 ? `<nav aria-label="${escaped(t('export.contents'))}"><ol>\n${contents}\n</ol></nav>` : ''}
</header>
<main>
`;
}

async function section(row: ConversationRow, index: number, said: readonly MessageView[], setting: Setting): Promise<string> {
  const people = row.group ? row.group.members : [row.peer];
  const parts = [
    `<section id="c${index}" aria-labelledby="h${index}">`,
    `<h2 id="h${index}"><bdi>${escaped(nameOf(row, setting))}</bdi></h2>`,
    ...people.map((person) => `<p class="quiet">${who(person, setting)} <code>${escaped(person)}</code></p>`),
  ];
  if (said.length === 0) parts.push(`<p class="quiet">${escaped(t('export.empty'))}</p>`);
  let last: number | null = null;
  for (const message of said) {
    if (last === null || !sameDay(last, message.sentAt)) parts.push(`<h3>${escaped(fullDay(message.sentAt))}</h3>`);
    last = message.sentAt;
    parts.push(await drawn(message, setting));
  }
  return `${parts.join('\n')}\n</section>\n`;
}

async function drawn(message: MessageView, setting: Setting): Promise<string> {
  const { sender, mine, sentAt, shown, quote, reactions, state } = message;
  const signs = reactions.map(
    ({ sign, senders }) =>
      `<li>${escaped(visibleLine(sign))} <span class="quiet">${senders.map((each) => who(each, setting)).join(', ')}</span></li>`,
  );
  return [
    `<article class="${mine ? 'mine' : 'theirs'}">`,
    `<p class="head"><b>${who(sender, setting)}</b> <time datetime="${new Date(sentAt).toISOString()}">${escaped(clockTime(sentAt))}</time></p>`,
    ...(quote ? [`<blockquote dir="auto"><b>${who(quote.sender, setting)}</b> ${escaped(visible(quotedWords(quote)))}</blockquote>`] : []),
    await content(message.id, shown),
    ...(signs.length > 0 ? [`<ul class="signs">${signs.join('')}</ul>`] : []),
    ...(state !== null && state !== 'sent' ? [`<p class="quiet">${escaped(t('export.notSent'))}</p>`] : []),
    '</article>',
  ].join('\n');
}

async function content(id: string, shown: Shown): Promise<string> {
  switch (shown.form) {
    case 'text':
      return `<p class="text" dir="auto">${escaped(visible(shown.text))}</p>`;
    case 'reply':
      return content(id, shown.content);
    case 'file': {
      const name = `<bdi>${escaped(visibleLine(shown.filename))}</bdi>${shown.size === null ? '' : `, ${escaped(sizeOf(shown.size))}`}`;
      const picture = shown.image && shown.host === null ? await pictureOf(id) : null;
      return picture === null
        ? `<p class="file">${name}</p>`
        : `<figure><img src="${picture}" alt="${escaped(visibleLine(shown.filename))}"><figcaption>${name}</figcaption></figure>`;
    }
    default:
      return `<p class="text quiet" dir="auto">${escaped(visible(shown.fallback ?? t('says.unknown')))}</p>`;
  }
}

/** A picture that lies in its message, by what its bytes are; null where it cannot be had without the network. */
async function pictureOf(message: string): Promise<string | null> {
  try {
    const { imageType, data } = await background.call('openFile', { message });
    return imageType === null ? null : `data:${imageType};base64,${data}`;
  } catch {
    return null; // its name stands there in any case
  }
}

const nameOf = (row: ConversationRow, { names }: Setting): string =>
  row.group ? groupName(row.group) : visibleLine(names[row.peer] ?? shortAddress(row.peer));

const who = (address: string, { own, names }: Setting): string =>
  `<bdi>${escaped(address === own ? t('common.you') : visibleLine(names[address] ?? shortAddress(address)))}</bdi>`;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => escapes[mark] as string);

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 0 auto; padding: 1.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.2rem; margin-block-start: 3rem; border-block-start: 1px solid; padding-block-start: 1rem; } h3 { font-size: 1rem; text-align: center; opacity: .75; }
code { font-size: .85em; } .quiet, time { opacity: .75; font-size: .85em; }
article { margin-block: .75rem; padding-inline-start: .75rem; border-inline-start: 3px solid #8888; } article.mine { border-inline-start-color: #4a6ee0; }
.head { margin: 0; } .text { margin: 0; white-space: pre-wrap; }
blockquote { margin: .25rem 0; padding-inline-start: .5rem; border-inline-start: 2px solid #8888; opacity: .85; }
figure { margin: 0; } img { max-width: 100%; height: auto; } .signs { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .75rem; }
@media print { body { max-width: none; padding: 0; } article { break-inside: avoid; } }
`;
