import type { CellOnDisk } from '../ablation/ablation-report.js';
import { meanOfNumbers } from '../ablation/recall-rows.js';
import type { Method } from './methods.js';

/** The mean over seeds of an arm's best validations (mean Recall@10 over the nine tasks); `null` where no seed is done. */
export function validationOf(arm: string, cells: readonly CellOnDisk[]): number | null {
  const values = cells.flatMap((cell) =>
    cell.arm === arm && cell.status === 'finished' && cell.result.best ? [cell.result.best.value] : [],
  );
  return values.length === 0 ? null : meanOfNumbers(values);
}

/** The arm that stands for a method: the best on validation of those that have a result, the first of equals. */
export function chosenArm({ arms }: Method, cells: readonly CellOnDisk[]): string | undefined {
  const judged = arms.flatMap(({ name }) => {
    const validation = validationOf(name, cells);
    return validation === null ? [] : [{ name, validation }];
  });
  const best = Math.max(...judged.map(({ validation }) => validation));
  return judged.find(({ validation }) => validation === best)?.name;
}
