import type { Elsewhere } from './elsewhere.ts';
import type { Row } from './setting.ts';

/** The table of docs/conformance-node.md. */
export const conformanceTable = (rows: readonly Row[], elsewhere: readonly Elsewhere[]): string =>
  [
    '| in the reference | what holds here | where ours differs, or where it is tested |',
    '| --- | --- | --- |',
    ...rows.map(({ names, says, differs }) => `| ${names.join(', ') || '-'} | ${says} | ${differs ? `differs: ${differs}` : ''} |`),
    ...elsewhere.map(({ names, says, where }) => `| ${names.join(', ')} | ${says} | ${where} |`),
  ].join('\n');
