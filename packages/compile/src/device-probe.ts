import { firstLine, type OrtDevice } from './runtime/device.js';
import { startHoldingBackend } from './runtime/holding-backend.js';
import { probeStep } from './runtime/probe-step.js';

// A program: `node device-probe.js DEVICE` tries a device and writes what it found as one line of JSON. A process of its own, since a
// broken driver may end it.
startHoldingBackend();
const found = await probeStep(process.argv[2] as OrtDevice).catch((error: Error) => ({
  fails: firstLine(error.cause ?? error),
}));
process.stdout.write(`${JSON.stringify(found)}\n`);
