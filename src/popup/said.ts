import type { Quote } from '../rpc/views/messages.ts';
import type { Said } from '../words/said.ts';
import { saidIn } from '../words/says.ts';
import { sizeOf } from './files.ts';
import { t } from './t.tsx';
import { visible, visibleLine } from './text.ts';

/** What an answer quotes, in words. */
export const quotedWords = ({ text, says, mine }: Quote): string => (says ? saidIn(t, says, mine) : text);

/** What a site wants to send, in words. All of it is the site's own, so marks that would hide or turn text are taken out. */
export function saidInWords(said: Said): string {
  switch (said.kind) {
    case 'text':
      return visible(said.text);
    case 'file': {
      const size = sizeOf(said.size);
      return said.name === null ? t('said.someFile', { size }) : t('said.file', { name: visibleLine(said.name), size });
    }
    case 'remote-file': {
      const url = visibleLine(said.url);
      return said.name === null ? t('said.someRemoteFile', { url }) : t('said.remoteFile', { name: visibleLine(said.name), url });
    }
    case 'reply':
      return said.said === null ? t('said.someReply') : t('said.reply', { words: saidInWords(said.said) });
    case 'several':
      return said.said.map(saidInWords).join('\n');
    case 'reaction':
      return t(said.removed ? 'said.reactionRemoved' : 'said.reaction', { sign: visibleLine(said.sign) });
    case 'read-receipt':
      return t('said.readReceipt');
    case 'transaction':
      return t('said.transaction', { reference: visibleLine(said.reference) });
  }
}
