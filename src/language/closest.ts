/** The name that a slip of the hand would turn into `typed`, if one is near enough. */
export function closest(typed: string, names: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, "");
  const near = names
    .map((name) => ({ name, far: distance(plain(typed), plain(name)) }))
    .filter(({ name, far }) => far <= 1 + Math.floor(Math.min(name.length, typed.length) / 5))
    .sort((a, b) => a.far - b.far);
  return near[0]?.name;
}

/** Letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
