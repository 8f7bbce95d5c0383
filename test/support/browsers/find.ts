/** What a person looks for on a page: something of this role with this accessible name. */
export interface Query {
  readonly role: string;
  /** Without it, everything of the role. */
  readonly name?: string;
  /** Whether `name` may be a part of the accessible name. */
  readonly part?: boolean;
  /** Look only inside the first match of this. */
  readonly within?: Query;
}

export interface Found {
  readonly name: string;
  /** As shown: line breaks kept, what is hidden left out. */
  readonly text: string;
  readonly value: string | null;
  readonly disabled: boolean;
  readonly focused: boolean;
  /** `dateTime` of the first time element inside. */
  readonly time: string | null;
  readonly label: string | null;
  /** `data-…` members, which tests may read but a person cannot see. */
  readonly data: Record<string, string>;
}

export type Aim = { readonly x: number; readonly y: number } | { readonly problem: string };

/**
 * Finds elements by role and accessible name in the page itself, the same way in both browsers.
 * It is sent as source text: it may use nothing from outside its own body.
 */
export function findInPage(query: Query, mode: 'read' | 'aim' | 'focus'): Found[] | Aim {
  const roleOf = (element: Element): string => {
    const given = element.getAttribute('role');
    if (given) return given.split(' ')[0] ?? '';
    const tag = element.localName;
    if (tag === 'input') {
      const type = (element as HTMLInputElement).type;
      const roles: Record<string, string> = {
        checkbox: 'checkbox',
        radio: 'radio',
        button: 'button',
        submit: 'button',
        search: 'searchbox',
      };
      return roles[type] ?? 'textbox';
    }
    if (tag === 'a') return element.hasAttribute('href') ? 'link' : '';
    if (/^h[1-6]$/.test(tag)) return 'heading';
    const roles: Record<string, string> = {
      button: 'button',
      textarea: 'textbox',
      select: 'combobox',
      ul: 'list',
      ol: 'list',
      li: 'listitem',
      dialog: 'dialog',
      nav: 'navigation',
      main: 'main',
      header: 'banner',
      img: 'img',
      output: 'status',
      article: 'article',
      fieldset: 'group',
      summary: 'button',
      section: 'region',
    };
    return roles[tag] ?? '';
  };
  const clean = (text: string): string => text.replace(/\s+/g, ' ').trim();
  const textOf = (node: Node): string => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? '';
    if (!(node instanceof Element) || node.getAttribute('aria-hidden') === 'true' || getComputedStyle(node).display === 'none') return '';
    const label = node.getAttribute('aria-label');
    if (label) return label;
    if (node.localName === 'img') return node.getAttribute('alt') ?? '';
    return [...node.childNodes].map(textOf).join(getComputedStyle(node).display === 'inline' ? '' : ' ');
  };
  const nameOf = (element: Element): string => {
    const by = element.getAttribute('aria-labelledby');
    if (by)
      return clean(
        by
          .split(/\s+/)
          .map((id) => textOf(document.getElementById(id) ?? new Text('')))
          .join(' '),
      );
    const label = element.getAttribute('aria-label');
    if (label) return clean(label);
    const labels = (element as HTMLInputElement).labels;
    if (labels && labels.length > 0) {
      return clean(
        [...labels]
          .map((one) =>
            [...one.childNodes]
              .filter((node) => node !== element)
              .map(textOf)
              .join(' '),
          )
          .join(' '),
      );
    }
    if (element.localName === 'fieldset') return clean(textOf(element.querySelector('legend') ?? new Text('')));
    const role = roleOf(element);
    if (
      ['button', 'link', 'heading', 'listitem', 'option', 'tab', 'menuitem', 'menuitemradio', 'checkbox', 'radio', 'article'].includes(role)
    ) {
      const text = clean(textOf(element));
      if (text) return text;
    }
    return clean(element.getAttribute('title') ?? element.getAttribute('placeholder') ?? '');
  };
  const shown = (element: Element): boolean => {
    if (element.closest('[aria-hidden="true"], [inert]')) return false;
    const style = getComputedStyle(element);
    return element.getClientRects().length > 0 && style.visibility === 'visible';
  };
  const all = (wanted: Query): Element[] => {
    const scope: ParentNode | undefined = wanted.within ? all(wanted.within)[0] : document;
    if (!scope) return [];
    return [...scope.querySelectorAll('*')].filter((element) => {
      if (roleOf(element) !== wanted.role || !shown(element)) return false;
      if (wanted.name === undefined) return true;
      const name = nameOf(element);
      return wanted.part ? name.includes(wanted.name) : name === wanted.name;
    });
  };
  const found = all(query) as HTMLElement[];
  if (mode === 'read') {
    return found.map((element) => ({
      name: nameOf(element),
      // biome-ignore lint/performance/useDomNodeTextContent: what is rendered is what a person sees
      text: element.innerText,
      value: 'value' in element ? String(element.value) : null,
      disabled: element.matches(':disabled, [aria-disabled="true"]'),
      focused: element === document.activeElement,
      time: element.querySelector('time')?.dateTime ?? null,
      label: element.getAttribute('aria-label'),
      data: { ...element.dataset } as Record<string, string>,
    }));
  }
  const element = found[0];
  if (!element) return { problem: 'nothing like it is shown' };
  if (element.matches(':disabled, [aria-disabled="true"]')) return { problem: 'it is disabled' };
  if (mode === 'focus') {
    element.focus();
    return document.activeElement === element ? { x: 0, y: 0 } : { problem: 'it does not take the focus' };
  }
  element.scrollIntoView({ block: 'nearest', behavior: 'instant' });
  const box = element.getBoundingClientRect();
  const x = Math.round(box.x + box.width / 2);
  const y = Math.round(box.y + box.height / 2);
  const top = document.elementFromPoint(x, y);
  if (!top) return { problem: 'it is outside the window' };
  if (!element.contains(top) && !(top instanceof HTMLLabelElement && top.control === element))
    return { problem: `<${top.localName} class="${top.className}"> lies over it` };
  return { x, y };
}
