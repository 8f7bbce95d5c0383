import type { Setting } from '../node.ts';
import type { Comparison } from '../report.ts';

export async function benchCatchUp(_setting: Setting): Promise<Comparison[]> {
  return [];
}
