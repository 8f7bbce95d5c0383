import { render } from 'preact';
import { App } from './app.tsx';
import { lookAhead } from './glimpse.ts';
import { background } from './rpc.ts';
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
void Promise.all([speak(rememberedLanguage()), ahead]).then(() => render(<App />, document.getElementById('app') as HTMLElement));
