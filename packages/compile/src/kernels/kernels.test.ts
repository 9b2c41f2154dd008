import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import * as tf from '@tensorflow/tfjs-core';
import { gelu, layerNormalize, quickGelu, seededRandom } from '@uniecs/tensor';
import { type Closeness, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { compile, hostTensor, supportedKernels } from '../index.js';
import { expectSame } from '../testing/expect-same.js';

type Op = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

interface Case {
  readonly name: string;
  readonly op: Op;
  readonly inputs: readonly tf.Tensor[];
  readonly closeness?: Closeness;
  /** Why eager tfjs has no gradient here; by default it is compared. */
  readonly noGradient?: string;
}

const random = seededRandom('kernels');
const floats = (...shape: number[]) => tf.tensor(randomArray(random, shape), shape);
const positive = (...shape: number[]) =>
  tf.tensor(
    randomArray(random, shape).map((x) => Math.abs(x) + 0.1),
    shape,
  );
const ints = (values: number[], ...shape: number[]) => tf.tensor(values, shape.length ? shape : undefined, 'int32');
const whole = (...shape: number[]) =>
  tf.tensor(
    randomArray(random, shape).map((x) => Math.round(4 * x) || 1),
    shape,
    'int32',
  );
const bools = (...shape: number[]) =>
  tf.tensor(
    randomArray(random, shape).map((x) => Number(x > 0)),
    shape,
    'bool',
  );
const special = () =>
  tf.tensor1d([
    Number.NaN,
    Infinity,
    -Infinity,
    0,
    -0,
    1,
    -1,
    0.5,
    1.5,
    2.5,
    -0.5,
    -1.5,
    -2.5,
    3.7,
    -3.7,
    1e-4,
    30,
    -30,
    1e30,
  ]);
/** Every special value beside every other. */
const pairs = (): [tf.Tensor, tf.Tensor] => {
  const values = Array.from(special().dataSync());
  return [tf.tensor1d(values.flatMap((x) => values.map(() => x))), tf.tensor1d(values.flatMap(() => values))];
};

const of = (name: string, op: Op, inputs: readonly tf.Tensor[], more: Partial<Case> = {}): Case => ({
  name,
  op,
  inputs,
  ...more,
});

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
type Unary = (x: tf.Tensor) => tf.Tensor;
const noGradient = 'not differentiable';
const broadcast = { noGradient: 'tfjs has none for broadcast operands' };

function binaryCases(
  op: Binary,
  more: Partial<Case> & { second?: typeof floats; specials?: boolean; ints?: boolean; broadcast?: Partial<Case> } = {},
): Case[] {
  const { second = floats, specials = true, ints: hasInts = true, broadcast = {}, ...rest } = more;
  const call = op as Op;
  return [
    of('equal shapes', call, [positive(2, 3, 5), second(2, 3, 5)], rest),
    of('broadcast rows', call, [positive(2, 3, 5), second(5)], { ...rest, ...broadcast }),
    of('broadcast both', call, [positive(2, 1, 5), second(3, 1)], { ...rest, ...broadcast }),
    of('scalar', call, [second(), positive(3, 5)], { ...rest, ...broadcast }),
    ...(specials ? [of('special values', call, pairs(), { ...rest, noGradient: 'undefined at special values' })] : []),
    ...(hasInts ? [of('int32', call, [whole(3, 5), whole(5)], { ...rest, noGradient: 'int32' })] : []),
  ];
}

function unaryCases(op: Unary, { input = floats, ...more }: Partial<Case> & { input?: typeof floats } = {}): Case[] {
  return [
    of('rank 3', op as Op, [input(2, 3, 5)], more),
    of('scalar', op as Op, [input()], more),
    of('special values', op as Op, [special()], { ...more, noGradient: 'undefined at special values' }),
  ];
}

const onInts = (op: Unary): Case => of('int32', op as Op, [ints([-7, -2, 0, 1, 5])], { noGradient: 'int32' });

type Reduce = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

function reductionCases(op: Reduce, more: Partial<Case> = {}, input = floats): Case[] {
  return [
    of('all axes', (x) => op(x), [input(2, 3, 5)], more),
    of('negative axis', (x) => op(x, -2), [input(2, 3, 5)], more),
    of('two axes, kept', (x) => op(x, [0, -1], true), [input(2, 3, 5)], more),
    of('axes of size 1', (x) => op(x, [1]), [input(3, 1, 5)], more),
    of('no axes', (x) => op(x, []), [input(3, 5)], more),
    of('scalar', (x) => op(x), [input()], more),
  ];
}

const reducedSpecials = (op: Reduce): Case[] =>
  [
    [1, NaN, 2],
    [NaN, 1, 3],
    [1, Infinity, -Infinity],
    [-Infinity, -Infinity, -Infinity],
    [2, 2, 1],
  ].map((row) =>
    of(`special values ${row}`, (x) => op(x, -1), [tf.tensor2d([row, [1, 2, 3]])], {
      noGradient: 'undefined at special values',
    }),
  );

const reducedInts = (op: Reduce): Case[] => [
  of('int32', (x) => op(x, 1), [whole(3, 5)], { noGradient: 'int32' }),
  of('bool', (x) => op(x, -1), [bools(3, 5)], { noGradient: 'bool' }),
];

const logical = (op: Binary): Case[] => [
  of('equal shapes', op as Op, [bools(3, 5), bools(3, 5)], { noGradient }),
  of('broadcast', op as Op, [bools(3, 1), bools(5)], { noGradient }),
];

const compared = (op: Binary): Case[] => [
  ...binaryCases(op, { noGradient }),
  of('bool', op as Op, [bools(3, 5), bools(3, 5)], { noGradient }),
  of('bool with float', op as Op, [bools(3, 5), floats(5)], { noGradient }),
];

const multiply: Op = (a, b) => tf.matMul(a, b);
const ids = (...values: number[]) => ints(values);
const approximate = { closeness: { absolute: 4e-7, relative: 1e-5 } };

/** By tfjs's kernel name. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  Add: binaryCases(tf.add),
  Sub: binaryCases(tf.sub),
  Multiply: binaryCases(tf.mul),
  RealDiv: binaryCases(tf.div, { second: positive, ints: false }),
  Pow: [
    ...binaryCases(tf.pow, { ints: false, closeness: { relative: 2e-5 } }),
    of('constant exponent', (x) => tf.pow(x, 3), [floats(3, 5)]),
    of('int32', tf.pow as Op, [ints([-3, 2, 5, 7]), ints([3, 0, 2, 1])], { noGradient: 'int32' }),
  ],
  Maximum: binaryCases(tf.maximum, { broadcast }),
  Minimum: binaryCases(tf.minimum, { broadcast }),
  AddN: [of('three', (...x) => tf.addN(x), [floats(3, 5), floats(3, 5), floats(3, 5)])],
  FloorDiv: [
    of('float32 to int32', tf.floorDiv as Op, [floats(3, 5), positive(5)], { noGradient: 'int32 result' }),
    of(
      'int32, all signs, by zero',
      tf.floorDiv as Op,
      [ints([7, -7, 7, -7, 6, -6, 5]), ints([2, 2, -2, -2, 3, 3, 0])],
      { noGradient: 'int32' },
    ),
    of('int32 beyond float32', tf.floorDiv as Op, [ints([16777217, -16777217]), ints([1, 1])], { noGradient: 'int32' }),
  ],
  Mod: [
    ...binaryCases(tf.mod, { second: positive, ints: false }),
    of('all signs', tf.mod as Op, [tf.tensor1d([5.5, -5.5, 5.5, -5.5, 6, -6]), tf.tensor1d([2, 2, -2, -2, 3, 3])]),
    of('exact far from the divisor', tf.mod as Op, [tf.tensor1d([1e7, 12345678]), tf.tensor1d([1.1, 7])]),
    of('int32, all signs, by zero', tf.mod as Op, [ints([7, -7, 7, -7, 6, -6, 5]), ints([2, 2, -2, -2, 3, 3, 0])], {
      noGradient: 'int32',
    }),
  ],
  SquaredDifference: binaryCases(tf.squaredDifference, { broadcast }),
  Greater: compared(tf.greater),
  GreaterEqual: compared(tf.greaterEqual),
  Less: compared(tf.less),
  LessEqual: compared(tf.lessEqual),
  Equal: compared(tf.equal),
  NotEqual: compared(tf.notEqual),
  LogicalAnd: logical(tf.logicalAnd),
  LogicalOr: logical(tf.logicalOr),
  LogicalNot: [of('rank 2', tf.logicalNot as Op, [bools(3, 5)], { noGradient })],
  Select: [
    of('equal shapes', (c, t, e) => tf.where(c, t, e), [bools(3, 5), floats(3, 5), floats(3, 5)]),
    of('broadcast', (c, t, e) => tf.where(c, t, e), [bools(3, 1), floats(5), floats(3, 5)]),
    of('int32 and float32', (c, t, e) => tf.where(c, t, e), [bools(5), whole(5), floats(5)], { noGradient: 'int32' }),
    of('bool', (c, t, e) => tf.where(c, t, e), [bools(5), bools(5), bools(5)], {
      noGradient: 'bool',
    }),
    of('NaN in the branch not taken', (c, t) => tf.where(c, t, tf.scalar(Number.NaN)), [
      tf.ones([2], 'bool'),
      floats(2),
    ]),
  ],
  Step: [...unaryCases(tf.step), of('slope', (x) => tf.step(x, 0.3), [floats(3, 5)]), onInts(tf.step)],
  Neg: [...unaryCases(tf.neg), onInts(tf.neg)],
  Abs: [...unaryCases(tf.abs), onInts(tf.abs)],
  Sign: [...unaryCases(tf.sign), onInts(tf.sign)],
  Exp: [...unaryCases(tf.exp), onInts(tf.exp)],
  Log: unaryCases(tf.log, { input: positive }),
  Log1p: [
    ...unaryCases(tf.log1p, { input: positive }),
    of('near 0', tf.log1p as Op, [tf.tensor1d([1e-9, -1e-9, 1e-5, -1e-5, 1e-30])], { closeness: { absolute: 0 } }),
  ],
  Expm1: [
    ...unaryCases(tf.expm1),
    of('near 0', tf.expm1 as Op, [tf.tensor1d([1e-9, -1e-9, 1e-5, -1e-5, 0.4])], { closeness: { absolute: 0 } }),
  ],
  Sqrt: unaryCases(tf.sqrt, { input: positive }),
  Rsqrt: unaryCases(tf.rsqrt, { input: positive }),
  Square: [...unaryCases(tf.square), onInts(tf.square)],
  Reciprocal: unaryCases(tf.reciprocal, { input: positive }),
  Sigmoid: [
    ...unaryCases(tf.sigmoid),
    of('tails', tf.sigmoid as Op, [tf.tensor1d([-80, -20, -10, 10, 20])], { closeness: { absolute: 0 } }),
  ],
  Tanh: unaryCases(tf.tanh),
  Relu: [...unaryCases(tf.relu), onInts(tf.relu)],
  Softplus: unaryCases(tf.softplus),
  // tfjs's own erf is an approximation, 1.5e-7 off.
  Erf: unaryCases(tf.erf, approximate),
  Sin: unaryCases(tf.sin, { closeness: { absolute: 1e-6 } }),
  Cos: unaryCases(tf.cos, { closeness: { absolute: 1e-6 } }),
  Floor: unaryCases(tf.floor),
  Ceil: unaryCases(tf.ceil),
  Round: [...unaryCases(tf.round), onInts(tf.round)],
  IsNan: [...unaryCases(tf.isNaN, { noGradient }), onInts(tf.isNaN)],
  IsInf: [...unaryCases(tf.isInf, { noGradient }), onInts(tf.isInf)],
  IsFinite: [...unaryCases(tf.isFinite, { noGradient }), onInts(tf.isFinite)],
  ClipByValue: [...unaryCases((x) => tf.clipByValue(x, -0.5, 0.7)), onInts((x) => tf.clipByValue(x, -2, 3))],
  Cast: [
    of('float32 to int32 cuts off', (x) => tf.cast(x, 'int32'), [tf.tensor1d([1.9, -1.9, -0.2, 2.5, -2.5])], {
      noGradient: 'int32 result',
    }),
    of('float32 to bool', (x) => tf.cast(x, 'bool'), [special()], { noGradient: 'bool result' }),
    of('int32 to float32', (x) => tf.cast(x, 'float32'), [whole(3, 5)], { noGradient: 'int32' }),
    of('bool to int32', (x) => tf.cast(x, 'int32'), [bools(3, 5)], { noGradient: 'bool' }),
    of('through int32 no gradient is lost', (x) => tf.mul(x, tf.cast(tf.cast(x, 'int32'), 'float32')), [floats(3, 5)]),
  ],
  Identity: unaryCases(tf.clone),
  ZerosLike: [...unaryCases(tf.zerosLike), onInts(tf.zerosLike)],
  OnesLike: [...unaryCases(tf.onesLike), onInts(tf.onesLike)],

  Reshape: [
    of('rank 3 to 2', (x) => tf.reshape(x, [15, -1]), [floats(3, 5, 7)]),
    of('no elements', (x) => tf.reshape(x, [0, 3]), [tf.zeros([3, 0])]),
  ],
  ExpandDims: [0, 1, -1, -2].map((axis) => of(`axis ${axis}`, (x) => tf.expandDims(x, axis), [floats(3, 5)])),
  Transpose: [
    of('rank 3', (x) => tf.transpose(x, [2, 0, 1]), [floats(2, 3, 5)]),
    of('reversed', (x) => tf.transpose(x), [floats(2, 3, 5)]),
    of('axes of size 1', (x) => tf.transpose(x, [1, 0, 2]), [floats(3, 1, 5)]),
    of('int32', (x) => tf.transpose(x), [whole(3, 5)], { noGradient: 'int32' }),
    of('bool', (x) => tf.transpose(x), [bools(3, 5)], { noGradient: 'bool' }),
  ],
  Concat: [
    of('axis 1', (...x) => tf.concat(x, 1), [floats(3, 5), floats(3, 2), floats(3, 7)]),
    of('negative axis', (...x) => tf.concat(x, -1), [floats(3, 5), floats(3, 2)]),
    of('the same twice', (x) => tf.concat([x, x], 0), [floats(3, 5)]),
    of('an empty part', (...x) => tf.concat(x, 0), [floats(3, 5), tf.zeros([0, 5])]),
    of('int32', (...x) => tf.concat(x, 0), [whole(3, 5), whole(2, 5)], { noGradient: 'int32' }),
  ],
  Slice: [
    of('two axes', (x) => tf.slice(x, [1, 0, 2], [1, 3, 3]), [floats(2, 3, 5)]),
    of('to the end', (x) => tf.slice(x, [1, 1], [-1, 2]), [floats(3, 5)]),
    of('fewer axes than the rank', (x) => tf.slice(x, 1), [floats(3, 5)]),
    of('bool', (x) => tf.slice(x, 1, 2), [bools(3, 5)], { noGradient: 'bool' }),
  ],
  SplitV: [
    of('equal parts', (x) => tf.split(x, 3, -1), [floats(5, 6)]),
    of('sizes and the rest', (x) => tf.split(x, [2, -1, 1], 0), [floats(7, 3)]),
  ],
  PadV2: [
    of(
      'zeros',
      (x) =>
        tf.pad(x, [
          [1, 2],
          [0, 3],
        ]),
      [floats(3, 5)],
    ),
    of('a value', (x) => tf.pad(x, [[2, 0]], -1.5), [floats(5)]),
    of('int32', (x) => tf.pad(x, [[2, 1]], 3), [whole(5)], { noGradient: 'int32' }),
    of('bool', (x) => tf.pad(x, [[2, 1]]), [bools(5)], { noGradient: 'bool' }),
  ],
  Tile: [
    of('two axes', (x) => tf.tile(x, [2, 3]), [floats(3, 5)]),
    of('an axis of size 1', (x) => tf.tile(x, [1, 7]), [floats(3, 1)]),
    of('broadcastTo', (x) => tf.broadcastTo(x, [2, 3, 5]), [floats(3, 1)]),
    of('bool', (x) => tf.tile(x, [2]), [bools(5)], { noGradient: 'bool' }),
  ],
  Pack: [0, 1, -1].map((axis) => of(`axis ${axis}`, (...x) => tf.stack(x, axis), [floats(3, 5), floats(3, 5)])),
  Unpack: [0, 1, -1].map((axis) => of(`axis ${axis}`, (x) => tf.unstack(x, axis), [floats(2, 3, 5)])),
  GatherV2: [
    of('rows, repeated ids', (x) => tf.gather(x, ids(2, 0, 2, 2, 1)), [floats(3, 5)]),
    of('another axis', (x) => tf.gather(x, ids(4, 0, 0), -1), [floats(2, 3, 5)]),
    of('ids of rank 2 as input', (x, i) => tf.gather(x, i as tf.Tensor2D), [
      floats(5, 3),
      ints([0, 4, 4, 1, 0, 2], 2, 3),
    ]),
    of('int32', (x) => tf.gather(x, ids(1, 0)), [whole(3, 5)], { noGradient: 'int32' }),
  ],
  UnsortedSegmentSum: [
    of(
      'repeated, empty and unknown segments',
      (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 5),
      [floats(7, 3), ids(1, 0, 1, 4, -1, 5, 1)],
      { noGradient: 'tfjs has none for unknown segments' },
    ),
    of('repeated and empty segments', (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 5), [
      floats(5, 3),
      ids(1, 0, 1, 4, 1),
    ]),
    of('rank 1', (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 3), [floats(5), ids(2, 2, 0, 0, 0)]),
    of('int32', (x, i) => tf.unsortedSegmentSum(x, i as tf.Tensor1D, 3), [whole(5, 2), ids(2, 2, 0, 0, 0)], {
      noGradient: 'int32',
    }),
  ],
  OneHot: [
    of('negative and too large indices', (i) => tf.oneHot(i, 3), [ids(0, -1, 2, 5, 1)], { noGradient }),
    of('values', (i) => tf.oneHot(i, 5, 0.9, -0.1, 'float32'), [ints([0, 4, 2, 1, 1, 3], 2, 3)], {
      noGradient,
    }),
    of('bool', (i) => tf.oneHot(i, 3, 1, 0, 'bool'), [ids(0, 2)], { noGradient }),
  ],
  Reverse: [
    of('two axes', (x) => tf.reverse(x, [0, -1]), [floats(2, 3, 5)]),
    of('all axes', (x) => tf.reverse(x), [floats(3, 5)]),
    of('int32', (x) => tf.reverse(x, 0), [whole(3, 5)], { noGradient: 'int32' }),
  ],
  Range: (
    [
      [0, 7],
      [5, 0],
      [0, 1, 0.1],
      [3, -4, -2],
      [2, 2],
    ] as [number, number, number?][]
  ).map((limits) => of(String(limits), (x) => tf.add(x, tf.range(...limits)), [floats()])),
  Fill: [
    of('float32', (x) => tf.mul(x, tf.fill([3, 5], 1.5)), [floats(5)]),
    of('int32', (x) => tf.add(x, tf.fill([5], 7, 'int32')), [whole(5)], { noGradient: 'int32' }),
  ],

  BatchMatMul: [
    ...[false, true].flatMap((a) =>
      [false, true].map((b) =>
        of(`transposed ${a} ${b}`, (x, y) => tf.matMul(x, y, a, b), [
          a ? floats(2, 5, 3) : floats(2, 3, 5),
          b ? floats(2, 7, 5) : floats(2, 5, 7),
        ]),
      ),
    ),
    of('one matrix for a batch', multiply, [floats(1, 3, 5), floats(2, 5, 7)], broadcast),
    of('matrix with batch', multiply, [floats(2, 3, 5), floats(5, 7)], broadcast),
    of('scaled', (x, y) => tf.mul(tf.matMul(x, y), 0.3), [floats(3, 5), floats(5, 7)]),
    of('nothing to sum', multiply, [tf.zeros([3, 0]), tf.zeros([0, 2])]),
    of('int32', (x, y) => tf.matMul(x, y, true, true), [whole(5, 3), whole(7, 5)], {
      noGradient: 'int32',
    }),
  ],
  _FusedMatMul: (['linear', 'relu', 'sigmoid'] as const).map((activation) =>
    of(activation, (a, b, bias) => tf.fused.matMul({ a, b, bias, activation }), [
      floats(3, 5),
      floats(5, 7),
      floats(7),
    ]),
  ),
  Softmax: [
    of('rank 3', (x) => tf.softmax(x), [floats(2, 3, 5)]),
    of('large logits', (x) => tf.softmax(x), [
      tf.tensor2d([
        [1e30, 1],
        [-Infinity, 3],
        [88, 89],
      ]),
    ]),
    of(
      'special values',
      (x) => tf.softmax(x),
      [
        tf.tensor2d([
          [1, NaN],
          [Infinity, 1],
          [-Infinity, -Infinity],
        ]),
      ],
      { noGradient: 'undefined at special values' },
    ),
  ],
  UniecsGelu: [
    of('rank 2', (x) => gelu(x), [floats(5, 7)]),
    of('far from zero', (x) => gelu(tf.mul(x, 20)), [floats(3, 5)]),
  ],
  UniecsQuickGelu: [
    of('rank 2', (x) => quickGelu(x), [floats(5, 7)]),
    of('far from zero', (x) => quickGelu(tf.mul(x, 20)), [floats(3, 5)]),
  ],
  UniecsLayerNorm: [
    of('rank 3', (x, w, b) => layerNormalize(x, w, b, 1e-5), [floats(2, 3, 5), floats(5), floats(5)]),
    of('large epsilon', (x, w, b) => layerNormalize(x, w, b, 0.5), [floats(3, 7), floats(7), floats(7)]),
    of('a constant row', (x, w, b) => layerNormalize(x, w, b, 1e-5), [tf.ones([3, 5]), floats(5), floats(5)]),
  ],

  Sum: [...reductionCases(tf.sum), ...reducedInts(tf.sum), of('no elements', (x) => tf.sum(x, 1), [tf.zeros([3, 0])])],
  Mean: [...reductionCases(tf.mean), ...reducedInts(tf.mean)],
  Max: [...reductionCases(tf.max), ...reducedSpecials(tf.max), ...reducedInts(tf.max)],
  Min: [...reductionCases(tf.min), ...reducedSpecials(tf.min), ...reducedInts(tf.min)],
  Prod: [
    ...reductionCases(tf.prod, { noGradient: 'it fails in tfjs' }),
    ...reducedInts(tf.prod),
    of(
      'a zero',
      (x) => tf.prod(x, 1),
      [
        tf.tensor2d([
          [2, 0, 3],
          [1, 2, 3],
        ]),
      ],
      { noGradient: 'it fails in tfjs' },
    ),
  ],
  Any: [
    of('axis', (x) => tf.any(x, 1), [bools(5, 3)], { noGradient }),
    of('all axes, kept', (x) => tf.any(x, undefined, true), [bools(5, 3)], { noGradient }),
  ],
  All: [
    of('axis', (x) => tf.all(x, -1), [bools(5, 2)], { noGradient }),
    of('all axes', (x) => tf.all(x), [bools(5, 3)], { noGradient }),
  ],
  ArgMax: [
    ...[0, -1].map((axis) => of(`axis ${axis}`, (x) => tf.argMax(x, axis), [floats(3, 5)], { noGradient })),
    ...reducedSpecials((x, axis) => tf.argMax(x, axis as number)),
    of('bool', (x) => tf.argMax(x, 1), [bools(3, 5)], { noGradient }),
  ],
  ArgMin: [
    ...[0, -1].map((axis) => of(`axis ${axis}`, (x) => tf.argMin(x, axis), [floats(3, 5)], { noGradient })),
    ...reducedSpecials((x, axis) => tf.argMin(x, axis as number)),
    of('int32', (x) => tf.argMin(x, 1), [whole(3, 5)], { noGradient }),
  ],
  TopK: [
    of('rank 2', (x) => Object.values(tf.topk(x, 3)), [floats(3, 7)], { noGradient }),
    of(
      'ties',
      (x) => Object.values(tf.topk(x, 4)),
      [
        tf.tensor2d([
          [1, 3, 3, 2, 3],
          [0, 0, 0, 0, 0],
        ]),
      ],
      { noGradient },
    ),
    of('int32', (x) => Object.values(tf.topk(x, 2)), [ints([1, 7, 7, 2])], { noGradient }),
  ],
  Cumsum: [
    ...running(tf.cumsum),
    of('another axis', (x) => tf.cumsum(x, 1), [floats(2, 7, 3)], { noGradient: 'it fails in tfjs' }),
    of('int32', (x) => tf.cumsum(x, 0), [whole(3, 5)], { noGradient: 'int32' }),
  ],
};

function running(op: typeof tf.cumsum): Case[] {
  return [false, true].flatMap((exclusive) =>
    [false, true].map((reverse) =>
      of(`exclusive ${exclusive}, reverse ${reverse}`, (x) => op(x, 2, exclusive, reverse), [floats(2, 3, 7)]),
    ),
  );
}

/** Results without a slope (comparisons, places), and a gradient that fails in tfjs-core 4.22 (Prod calls chained methods). */
const withoutGradient = new Set('GreaterEqual IsNan IsInf IsFinite OneHot ArgMax ArgMin FloorDiv Prod'.split(' '));

const listOf = (result: tf.Tensor | tf.Tensor[]) => (Array.isArray(result) ? result : [result]);

/** The outputs, and the gradient of `sum(outputs · cotangents)` with respect to each float32 input. */
function evaluate({ op, noGradient }: Case, inputs: tf.Tensor[], cotangents: tf.Tensor[]) {
  const outputs = listOf(op(...inputs));
  if (noGradient) return { outputs, gradients: [] };
  const chosen = inputs.filter(({ dtype }) => dtype === 'float32');
  const f = (...given: tf.Tensor[]) => {
    const rest = [...given];
    const all = inputs.map((input) => (input.dtype === 'float32' ? (rest.shift() as tf.Tensor) : input));
    return tf.addN(listOf(op(...all)).map((y, i) => tf.sum(tf.mul(y, cotangents[i] as tf.Tensor)))) as tf.Scalar;
  };
  return { outputs, gradients: tf.grads(f)(chosen) };
}

it('every supported kernel has cases, and every case a kernel', () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(supportedKernels).sort());
});

describe.each(Object.keys(supportedKernels))('%s compiled is as eager', (kernel) => {
  it('has cases, one of them with a gradient where tfjs has one', () => {
    expect(cases[kernel]?.length).toBeGreaterThan(0);
    if (tf.getGradient(kernel) && !withoutGradient.has(kernel))
      expect(cases[kernel]?.some((one) => !one.noGradient)).toBe(true);
  });

  it.each((cases[kernel] ?? []).map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const inputs = [...one.inputs];
    const { kernelNames } = await tf.profile(() => listOf(one.op(...inputs)));
    // cpu has no fused kernel of ours; what it composes is the oracle.
    if (!kernel.startsWith('Uniecs')) expect(kernelNames).toContain(kernel);
    const cotangents = listOf(one.op(...inputs)).map(({ shape }) => floats(...shape));
    const eager = evaluate(one, inputs, cotangents);
    const described = (tensors: tf.Tensor[]) => tensors.map(({ dtype, shape }) => `${dtype} [${shape}]`);
    const traced = (x: tf.Tensor[], dy: tf.Tensor[]) => {
      const result = evaluate(one, x, dy);
      expect(described(result.outputs), 'dtypes and shapes while tracing').toEqual(described(eager.outputs));
      return result;
    };
    const compiled = compile(({ x, dy }: { x: tf.Tensor[]; dy: tf.Tensor[] }) => traced(x, dy), { threads: 1 });
    const { outputs, gradients } = await compiled({
      x: inputs.map(hostTensor),
      dy: one.noGradient ? [] : cotangents.map(hostTensor),
    });
    const { closeness = {} } = one;
    expect(outputs.length).toBe(eager.outputs.length);
    eager.outputs.forEach((tensor, i) => {
      expectSame(outputs[i] as never, tensor, closeness);
    });
    expect(gradients.length).toBe(eager.gradients.length);
    eager.gradients.forEach((tensor, i) => {
      expectSame(gradients[i] as never, tensor, closeness);
    });
    await compiled.dispose();
  });
});
