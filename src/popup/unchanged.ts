/** The list with the objects of before wherever they say the same, and the very list of before where nothing differs: what is drawn of them is then not drawn anew. */
export function keepUnchanged<T extends { readonly id: string }>(before: readonly T[], now: readonly T[]): readonly T[] {
  const known = new Map(before.map((each) => [each.id, each]));
  const list = now.map((each) => {
    const old = known.get(each.id);
    return old !== undefined && alike(old, each) ? old : each;
  });
  return list.length === before.length && list.every((each, index) => each === before[index]) ? before : list;
}

/** Whether two plain values say the same. */
function alike(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a, b] as [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => Object.hasOwn(right, name) && alike(left[name], right[name]));
}
