/** Pages that live through what happens to a port, and tell the server by `/told?…` what they saw: nobody watches them, since watching keeps pages out of the cache. */
const tools = `
  const wait = (ms) => new Promise((later) => setTimeout(later, ms));
  const tell = (what) => fetch('/told?' + encodeURIComponent(JSON.stringify(what)));
  const call = () => xmtp.request({ method: 'xmtp_accounts' }).then((accounts) => accounts, ({ code }) => code);
  const ready = async () => {
    await wait(200);
    if ('xmtp' in window) return true;
    location.reload();
    return false;
  };`;

export const portPages: Readonly<Record<string, string>> = {
  // Is left, and come back to.
  '/kept': `<h1>Kept</h1><script>${tools}
    const events = [];
    (async () => {
      if (!(await ready())) return;
      for (const event of ['connect', 'disconnect']) xmtp.on(event, () => events.push(event));
      const first = await call();
      addEventListener('pageshow', async ({ persisted }) => {
        tell({ persisted, first, again: await call(), same: await call(), events });
      });
      await wait(300);
      location.href = '/next';
    })();
  </script>`,
  '/next': `<h1>Next</h1><script>setTimeout(() => history.back(), 500);</script>`,
  // Is there when the extension goes.
  '/left': `<h1>Left</h1><script>${tools}
    const events = [];
    (async () => {
      if (!(await ready())) return;
      xmtp.on('disconnect', (event) => events.push(event));
      tell({ before: await call() });
      for (;;) {
        await wait(300);
        const after = await call();
        if (after !== 4900) continue;
        tell({ after, again: await call(), events });
        localStorage.setItem('gone', 'removed');
        return;
      }
    })();
  </script>`,
  // Shows no interest before the extension is gone; another page of the site tells it.
  '/late': `<h1>Late</h1><script>${tools}
    const events = [];
    (async () => {
      if (!(await ready())) return;
      tell({ late: xmtp.version });
      const before = localStorage.getItem('gone');
      while (localStorage.getItem('gone') === before) await wait(100);
      xmtp.on('disconnect', (event) => events.push(event));
      tell({ tooLate: localStorage.getItem('gone'), call: await call(), again: await call(), events });
    })();
  </script>`,
  // Is there when the extension is put into its place anew, and loads once more afterwards.
  '/renewed': `<h1>Renewed</h1><script>${tools}
    const events = [];
    (async () => {
      if (!(await ready())) return;
      if (sessionStorage.getItem('renewed')) {
        tell({ reloaded: await call(), now: xmtp.version });
        return;
      }
      xmtp.on('disconnect', (event) => events.push(event));
      tell({ renewing: await call(), version: xmtp.version });
      for (;;) {
        await wait(300);
        const after = await call();
        if (after !== 4900) continue;
        localStorage.setItem('gone', 'renewed');
        await tell({ renewed: after, again: await call(), still: xmtp.version, events });
        sessionStorage.setItem('renewed', 'yes');
        location.reload();
        return;
      }
    })();
  </script>`,
  // Calls nothing any more: it only listens.
  '/quiet': `<h1>Quiet</h1><script>${tools}
    (async () => {
      if (!(await ready())) return;
      xmtp.on('disconnect', async (event) => tell({ quiet: event, call: await call() }));
      tell({ listening: await call() });
    })();
  </script>`,
};
