import { render } from 'preact';
import { App } from './app.tsx';
import { lookAhead, statusAhead } from './glimpse.ts';
import { background } from './rpc.ts';
import { Unlock } from './screens.tsx';
import { rememberedLanguage, speak } from './t.tsx';
import { showLastTheme } from './theme.ts';

// The background wakes while the page is made.
background.open();
const ahead = lookAhead();

// The manifest opens the page with these marks: under the toolbar's button, where it decides its own size, and beside other pages.
const marks = new URLSearchParams(location.search);
for (const view of ['toolbar', 'side']) if (marks.has(view)) document.documentElement.dataset['view'] = view;

showLastTheme();
// Nothing is drawn in one language and then in another; English is here at once.
void Promise.all([speak(rememberedLanguage()), ahead]).then(() => {
  render(<App />, document.getElementById('app') as HTMLElement);
  // Nothing was left for the first look, so it is locked, most likely: the field comes while the background wakes.
  if (!statusAhead()) Unlock.fetch().catch(() => undefined);
});
