import '@tensorflow/tfjs-backend-cpu';
import { disposeModule } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { dropTerms } from './drop-terms.js';
import { pdc } from './pdc.js';
import { plc } from './plc.js';
import { pml } from './pml.js';
import { lossTerms, paperLosses, recommendedLosses } from './presets.js';
import { t2t } from './t2t.js';
import type { LossTerm } from './term.js';
import { evaluate, gappyPairs } from './testing/pairs.js';
import { v2t } from './v2t.js';
import { v2v } from './v2v.js';

const names = (terms: readonly LossTerm[]) => terms.map(({ name, group }) => `${group}/${name}`);
const pairs = gappyPairs(101);
const losses = (terms: readonly LossTerm[]) => terms.map((term) => evaluate(term, pairs).loss);
const printed = ['CMAL/V2T', 'CMAL/PML', 'CLAL/PDC', 'CLAL/PLC', 'IMCL/V2V', 'IMCL/T2T'];

it('paper is the six terms as printed: every default but the sums over i of PLC and V2V', () => {
  expect(names(paperLosses())).toEqual(printed);
  expect(losses(paperLosses())).toEqual(
    losses([v2t(), pml(), pdc(), plc({ reduction: 'sum' }), v2v({ reduction: 'sum' }), t2t()]),
  );
});

it('recommended has the nine tasks with a learned temperature beside the six, made anew each time', () => {
  const [first, second] = [recommendedLosses(), recommendedLosses()];
  expect(names(first)).toEqual([...printed, 'TASKS/TASKS']);
  const [one, other] = [first, second].map((terms) => terms.at(-1)?.module);
  if (!one || !other) throw new Error('no module');
  expect(one).not.toBe(other);
  disposeModule(one);
  disposeModule(other);
});

it('changes replace single options of a preset and leave the others', () => {
  const changed = paperLosses({ plc: { k: 2 }, tasks: { temperature: 0.5 } });
  expect(names(changed)).toEqual([...printed, 'TASKS/TASKS']);
  expect(losses(changed.slice(3, 4))).toEqual(losses([plc({ k: 2, reduction: 'sum' })]));
});

it('an ablation drops terms and groups by name', () => {
  expect(names(dropTerms(lossTerms(), ['CMAL', 'PLC']))).toEqual(['CLAL/PDC', 'IMCL/V2V', 'IMCL/T2T']);
  expect(dropTerms(lossTerms(), [])).toHaveLength(6);
});

it('an ablation refuses a name that does not exist, and to leave nothing', () => {
  expect(() => dropTerms(lossTerms(), ['CMAL', 'PCL', 'X'])).toThrow(
    "dropTerms: expected names of terms or groups, got 'PCL', 'X'; choose from V2T, CMAL, PML, PDC, CLAL, PLC, V2V, IMCL, T2T",
  );
  expect(() => dropTerms(lossTerms(), ['CMAL', 'CLAL', 'IMCL'])).toThrow('at least one term to be left');
});

it.each([
  [() => v2t({ temperature: 0 }), 'v2t: expected temperature to be a number above 0, got 0'],
  [
    () => v2t({ pairing: 'inside' as 'within' }),
    "v2t: expected pairing to be 'within' or 'across' or 'both', got 'inside'",
  ],
  [() => pml({ kind: 'triplet' as 'hinge' }), "pml: expected kind to be 'infoNCE' or 'hinge', got 'triplet'"],
  [() => pml({ alpha1: Number.NaN }), 'pml: expected alpha1 to be a finite number, got NaN'],
  [() => pdc({ reduction: 'max' as 'mean' }), "pdc: expected reduction to be 'sum' or 'mean'"],
  [() => plc({ k: 0 }), 'plc: expected k to be an integer of at least 1, got 0'],
  [() => v2v({ hardNegatives: { count: 1.5 } }), 'v2v: expected hardNegatives.count to be an integer of at least 0'],
  [() => v2v({ hardNegatives: { share: 2 } }), 'v2v: expected hardNegatives.share to be above 0 and at most 1, got 2'],
  [
    () => t2t({ temperature: { learnedFrom: 0.001 } }),
    'learnedTemperature: expected initial to be a number of at least 0.01',
  ],
])('a bad option is refused by name: %o', (make, message) => {
  expect(make).toThrow(message);
});
