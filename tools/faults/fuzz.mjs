// node tools/faults/fuzz.mjs: looks for a file that crashes its reader, keeps it busy, takes its memory or gets an error without a type,
// and says what it tried. Ends with 1 if it found one, or if a planted fault was not found.
import { parseArgs } from 'node:util';
import { fuzzFiles } from './fuzz-files.mjs';
import { formats } from './fuzz-formats.mjs';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    formats: { type: 'string', default: Object.keys(formats).join(',') },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('node tools/faults/fuzz.mjs [--files 100000] [--formats png,parquet] [--seed 1]');
  console.log(`  --files    mutated files of each format`);
  console.log(`  --formats  of ${Object.keys(formats).join(', ')}`);
  process.exit(0);
}
for (const format of values.formats.split(',')) {
  if (!Object.hasOwn(formats, format))
    throw new Error(`expected formats of ${Object.keys(formats).join(', ')}, got ${format}`);
  const begin = performance.now();
  const { files, hostile, read, refused, violations } = await fuzzFiles({
    format,
    files: Number(values.files),
    seed: Number(values.seed),
  });
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  const good = violations.length === 0;
  console.log(
    `${good ? 'ok    ' : 'FAILED'} ${format}: ${files} mutated and ${hostile} made by hand: ${refused} refused, ${read} read (${seconds} s)`,
  );
  for (const violation of violations) console.log(`         ${violation}`);
  if (!good) process.exitCode = 1;
}
for (const fault of /** @type {const} */ (['crash', 'hang', 'memory', 'untyped'])) {
  const { violations } = await fuzzFiles({ format: 'npy', files: 1000, fault, most: 1, secondsPerFile: 5 });
  console.log(
    `${violations.length > 0 ? 'ok    ' : 'FAILED'} a planted fault (${fault}): ${violations[0] ?? 'not found: this harness does not see it'}`,
  );
  if (violations.length === 0) process.exitCode = 1;
}
