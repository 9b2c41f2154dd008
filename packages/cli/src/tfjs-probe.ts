import { startEngine } from './engine.js';
import { loadTfjsBackend, type TfjsDeviceName } from './machine/tfjs-device.js';

// A program: `node tfjs-probe.js DEVICE` tries a device of tfjs and writes what it found as one line of JSON. A process of its own,
// since the library of a backend may end it.
await startEngine();
const found = await loadTfjsBackend(process.argv[2] as TfjsDeviceName);
process.stdout.write(`${JSON.stringify(found)}\n`);
