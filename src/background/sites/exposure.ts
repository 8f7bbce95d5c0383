import type { Exposure } from '../../rpc/views/settings.ts';
import { createExclusive } from '../exclusive.ts';
import type { Preferences } from '../preferences.ts';
import type { ExposureService } from '../services.ts';
import { parseSite } from './origins.ts';

interface Deps {
  readonly preferences: Pick<Preferences, 'exposure'>;
  readonly expose: (exposure: Exposure) => Promise<void>;
  readonly tabInFront: () => Promise<string | null>;
}

export function createExposure({ preferences, expose, tabInFront }: Deps): ExposureService {
  const exclusive = createExclusive();
  let applied = '';
  return {
    apply: () =>
      exclusive(async () => {
        const wanted = await preferences.exposure();
        if (JSON.stringify(wanted) === applied) return;
        await expose(wanted);
        applied = JSON.stringify(wanted);
      }),
    async here() {
      try {
        return parseSite((await tabInFront()) ?? '');
      } catch {
        return null;
      }
    },
  };
}
