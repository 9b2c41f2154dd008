import { exitCodes } from '../exit-code.js';
import { type Check, type Finding, machineChecks } from '../machine/checks.js';
import { type CheckedDevice, deviceChecks, optional } from '../machine/device-checks.js';
import { type Io, print } from '../terminal/io.js';
import { textTable } from '../terminal/text-table.js';

/** The flags of `uniecs doctor`. */
export interface DoctorFlags {
  readonly device?: CheckedDevice;
}

/** Tries what the commands need, one by one; or one device alone, which must work then. */
export async function runDoctor(io: Io, device?: CheckedDevice): Promise<number> {
  const devices = deviceChecks();
  const checks: readonly Check[] = device
    ? [devices[device]]
    : [...machineChecks, ...Object.values(devices).map(optional)];
  const rows: string[][] = [];
  let broken = 0;
  for (const { name, run, remedy } of checks) {
    const finding = await run().catch((error: unknown): Finding => ({ fails: reasonOf(error) }));
    if ('works' in finding) rows.push(['ok', name, finding.works]);
    else if ('note' in finding) rows.push(['note', name, finding.note]);
    else {
      broken++;
      rows.push(['FAILS', name, `${finding.fails}; ${remedy}`]);
    }
  }
  print(io, textTable(rows));
  print(io, broken === 0 ? '\neverything that is needed works' : `\n${broken} of ${checks.length} checks failed`);
  return broken === 0 ? exitCodes.done : exitCodes.failed;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] as string;
}
