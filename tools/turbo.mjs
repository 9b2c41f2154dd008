// node tools/turbo.mjs build|typecheck: one task over all packages, after installing where needed.
import { build, runTool } from './run-tool.mjs';
import { ensureInstalled } from './setup.mjs';

const [task = 'build'] = process.argv.slice(2);
if (task === 'build') {
  process.exitCode = build();
} else {
  ensureInstalled();
  process.exitCode = runTool('turbo', ['run', task]);
}
