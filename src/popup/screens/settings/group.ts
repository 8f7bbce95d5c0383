import type { Settings } from '../../../rpc/views/settings.ts';

/** What a group of settings is given: the settings, and whom to tell that they changed. */
export interface GroupProps {
  readonly settings: Settings;
  readonly onChanged: () => void;
}
