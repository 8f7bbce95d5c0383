// Runs in the hidden page that a browser loads with its developer tools.
chrome.devtools.panels.create('Parley', 'icons/icon-32.png', 'panel.html');
