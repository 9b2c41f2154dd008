/** Where two JSON texts differ, as `settings.batchSize 8 instead of 4`. */
export function differences(got: string, expected: string): string[] {
  return valueDifferences(parsed(got), parsed(expected), '');
}

function valueDifferences(got: unknown, expected: unknown, at: string): string[] {
  const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
  if (isObject(got) && isObject(expected)) {
    const names = [...new Set([...Object.keys(got), ...Object.keys(expected)])];
    return names.flatMap((name) => valueDifferences(got[name], expected[name], at === '' ? name : `${at}.${name}`));
  }
  if (JSON.stringify(got) === JSON.stringify(expected)) return [];
  return [`${at} ${JSON.stringify(got) ?? 'not set'} instead of ${JSON.stringify(expected) ?? 'not set'}`.trim()];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
