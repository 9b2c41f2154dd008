import type { HostTree } from '../trace/tensor-tree.js';

/** What preparing a function took. */
export interface Preparation {
  /** Nodes of the graph; 0 on an eager device. */
  readonly nodes: number;
  readonly traceMs: number;
  readonly sessionMs: number;
}

/** What runs a function on a device, one call at a time. */
export interface Engine<Outputs> {
  prepare(inputs: unknown): Promise<Preparation>;
  /** Runs the function on checked inputs; changes the state where the outputs are accepted. */
  run(inputs: unknown): Promise<HostTree<Outputs>>;
  dispose(): Promise<void>;
}

/** Decides from a call's outputs whether what it assigned becomes the state. */
export type Accept<Outputs> = ((outputs: HostTree<Outputs>) => boolean) | undefined;
