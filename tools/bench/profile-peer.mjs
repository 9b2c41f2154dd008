// Steps of ours under ONNX Runtime's profiler, as a child process: `node profile-peer.mjs CASE.json PREFIX`; the profile is written
// when its input ends.
import { readFileSync } from 'node:fs';
import { ourTraining, ourWhole } from './our-training.mjs';
import { peakBytes, serve, timed } from './peer.mjs';

const [path, profilePrefix] = /** @type {[string, string]} */ (process.argv.slice(2));
const { run, dispose } = ourWhole(ourTraining(JSON.parse(readFileSync(path, 'utf8'))), { profilePrefix });

await serve(
  { ready: process.version },
  { step: async () => ({ ms: await timed(run) }), peak: () => ({ bytes: peakBytes() }) },
);
await dispose();
