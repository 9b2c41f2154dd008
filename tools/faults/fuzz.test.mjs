import { describe, expect, it } from 'vitest';
import { fuzzFiles } from './fuzz-files.mjs';
import { formats } from './fuzz-formats.mjs';

// Seconds each alone, many more beside other tests on a busy machine.
describe.concurrent('hostile and mutated files', { timeout: 600_000 }, () => {
  it.each(Object.keys(formats))(
    'of %s are read or refused with a typed error, in bounded time and memory',
    async (format) => {
      const { files, read, refused, violations } = await fuzzFiles({ format, files: 1000 });
      expect(violations).toEqual([]);
      expect(files).toBe(1000);
      expect(refused).toBeGreaterThan(300);
      // A mutation that changes nothing which a reader looks at: so not all are refused for a reason that has nothing to do with them.
      if (format !== 'ids of npy' && format !== 'avif') expect(read).toBeGreaterThan(0);
    },
  );
});

describe('the fuzz', { timeout: 120_000 }, () => {
  it.each(
    /** @type {const} */ ([
      ['crash', 'the process ended with SIG'],
      ['hang', 'not done after 5 s'],
      ['memory', 'it takes'],
      ['untyped', 'an error without a type: TypeError: planted'],
    ]),
  )('finds a reader with a planted fault: %s', async (fault, said) => {
    const { violations } = await fuzzFiles({ format: 'npy', files: 500, fault, most: 1, secondsPerFile: 5 });
    expect(violations.join()).toContain(said);
  });
});
