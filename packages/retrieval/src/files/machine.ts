import { cpus, totalmem } from 'node:os';

/** The machine that something was computed on. */
export interface Machine {
  readonly platform: string;
  readonly cpu?: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

/** The machine of this process. */
export function thisMachine(): Machine {
  const [cpu] = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    ...(cpu ? { cpu: cpu.model } : {}),
    cores: cpus().length,
    memoryBytes: totalmem(),
  };
}
