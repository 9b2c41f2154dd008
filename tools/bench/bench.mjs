// npm run bench: measures training, encoding and memory, beside PyTorch where it is installed; see docs/BENCHMARKS.md.
import { writeFileSync } from 'node:fs';
import { build } from '../run-tool.mjs';
import { help, readOptions, UsageError } from './options.mjs';

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
  } else {
    const built = build();
    if (built !== 0) process.exit(built);
    const { runBench } = await import('./run-bench.mjs');
    const { publish } = await import('./publish.mjs');
    const results = await runBench(options);
    if (options.publish) publish(results);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${help}`);
  process.exitCode = 2;
}
