export { type Actions, type CommandLineOutput, createProgram } from './program.js';
export { run } from './run.js';
export type { Io, OutputStream } from './terminal/io.js';
