/**
 * The known name that a mistyped one most likely means: fewest edits (insert, delete, replace, swap of neighbours), case, `-` and `_` not
 * counted; undefined where none is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name);
  let best: { name: string; edits: number } | undefined;
  for (const candidate of known) {
    const edits = editDistance(wanted, plain(candidate));
    if (edits <= Math.max(1, Math.floor(Math.max(wanted.length, plain(candidate).length) * 0.4))) {
      if (best === undefined || edits < best.edits) best = { name: candidate, edits };
    }
  }
  return best?.name;
}

/** ` (did you mean X?)`, or the list of what is known where nothing is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_\s]/g, '');
}

function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const [above, before] = [rows[i - 1] as number[], rows[i - 2]];
      const replaced = (above[j - 1] as number) + Number(a[i - 1] !== b[j - 1]);
      let least = Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1);
      const swapped = before !== undefined && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (before[j - 2] as number) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] as number;
}
