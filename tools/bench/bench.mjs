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
    const { resultTables } = await import('./result-tables.mjs');
    const { textTable } = await import('./table.mjs');
    const { results, failed } = await runBench(options, (soFar) => {
      if (options.publish) publish(soFar);
      if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(soFar, null, 2)}\n`);
    });
    for (const { title, rows } of resultTables(results)) console.log(`\n${title}\n${textTable(rows)}`);
    if (failed.length > 0) {
      console.error(`bench: failed: ${failed.join('; ')}`);
      process.exitCode = 1;
    }
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${help}`);
  process.exitCode = 2;
}
