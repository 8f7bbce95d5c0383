import { render } from 'preact';
import { App } from './app.tsx';
import { showLastTheme } from './theme.ts';

// The manifest opens the toolbar's popup with this mark; only there the page decides its own size.
if (new URLSearchParams(location.search).has('toolbar')) document.documentElement.dataset['view'] = 'toolbar';

showLastTheme();
render(<App />, document.getElementById('app') as HTMLElement);
