import { expect, it } from 'vitest';
import { groupOf, profileOf, runsOf } from './profile-groups.mjs';

const widths = { heads: 4, hidden: [512] };

it.each([
  ['FusedMatMul', [[2080, 128]], true, 'products'],
  ['FusedMatMul', [[96, 128]], false, 'products'],
  ['Mul', [[2080, 512]], false, 'head'],
  ['Transpose', [[32, 65, 4, 32]], true, 'movement'],
  [
    'Sub',
    [
      [32, 4, 65, 65],
      [32, 4, 65, 1],
    ],
    true,
    'attention',
  ],
  ['Softmax', [[32, 4, 65, 65]], true, 'attention'],
  ['Mul', [[32, 65, 512], []], true, 'gelu'],
  ['Erf', [[32, 65, 512]], true, 'gelu'],
  ['LayerNormalization', [[32, 65, 128], [128], [128]], true, 'norms'],
  [
    'Sub',
    [
      [32, 65, 128],
      [32, 65, 1],
    ],
    true,
    'norms',
  ],
  ['Add', [[2080, 128], [128]], true, 'other'],
])('counts %s of %j (in a loop: %s... %s) where a reader looks for it', (op, shapes, inLoop, group) => {
  expect(groupOf({ op, us: 1, shapes, inLoop }, widths)).toBe(group);
});

/** @param {string} op @param {number} ts @param {number} dur @param {number[][]} shapes */
const node = (op, ts, dur, ...shapes) => ({
  cat: 'Node',
  name: `${op}_1_kernel_time`,
  ts,
  dur,
  args: { op_name: op, input_type_shape: shapes.map((shape) => ({ float: shape })) },
});
const events = [
  { cat: 'Session', name: 'model_run', ts: 0, dur: 100 },
  node('MatMul', 10, 90, [9, 9]),
  { cat: 'Session', name: 'model_run', ts: 200, dur: 1000 },
  node('Scan', 210, 600, [1]),
  node('MatMul', 220, 400, [9, 9]),
  node('Mul', 650, 100, [9, 9]),
  node('Mul', 900, 200, [9, 9]),
];

it('leaves warm-up runs and the loops themselves out, and tells kernels in loops from those after them', () => {
  const runs = runsOf(events, 1);
  expect(runs.map(({ us, kernels }) => [us, kernels.map(({ op, inLoop }) => [op, inLoop])])).toEqual([
    [
      1000,
      [
        ['MatMul', true],
        ['Mul', true],
        ['Mul', false],
      ],
    ],
  ]);
});

it('adds up to the whole run', () => {
  const { totalMs, betweenMs, groups, operators } = profileOf(runsOf(events, 1), widths);
  expect(groups).toEqual([
    { name: 'products', ms: 0.4, count: 1 },
    { name: 'head', ms: 0.2, count: 1 },
    { name: 'other', ms: 0.1, count: 1 },
  ]);
  expect(operators.map(({ name, ms }) => [name, ms])).toEqual([
    ['MatMul', 0.4],
    ['Mul', expect.closeTo(0.3, 9)],
  ]);
  expect(betweenMs).toBeCloseTo(0.3, 9);
  expect(totalMs).toBe(1);
  expect(() => profileOf(runsOf(events, 2), widths)).toThrow('expected a run');
});
