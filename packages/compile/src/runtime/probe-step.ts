import { seededRandom } from '@uniecs/tensor';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import { forDevice } from '../graph/for-device.js';
import { Graph, type Value } from '../graph/graph.js';
import { matrixProduct } from '../kernels/products.js';
import { binary, unary } from '../kernels/tools.js';
import { modelOfTrace, type TracedModel } from '../onnx/model-of-trace.js';
import type { OrtDevice } from './device.js';
import { createSession, type Session } from './session.js';

/** How a training step went on a device, beside the CPU. */
export interface ProbedStep {
  /** Milliseconds of a step, the best of three after the first. */
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** The largest difference of a weight after the steps, in shares of the largest weight. */
  readonly difference: number;
}

const [batch, inputs, hidden, outputs] = [128, 256, 512, 256] as const;
const steps = 4;

/** Takes a few steps of gradient descent with a two-layer network on a device and on the CPU. */
export async function probeStep(device: OrtDevice): Promise<ProbedStep> {
  const there = await takeSteps(device);
  const here = await takeSteps('cpu');
  const largest = here.weights.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const difference = here.weights.reduce(
    (max, x, i) => Math.max(max, Math.abs(x - (there.weights[i] ?? Number.NaN)) / largest),
    0,
  );
  return { milliseconds: there.milliseconds, cpuMilliseconds: here.milliseconds, difference };
}

/** One step: w1 and w2 are read and assigned, the loss comes out. */
function model(device: OrtDevice): TracedModel {
  const graph = new Graph();
  const input = (name: string, ...shape: number[]) => graph.input(name, 'float32', shape);
  const [x, y] = [input('x', batch, inputs), input('y', batch, outputs)];
  const [w1, w2] = [input('w1', inputs, hidden), input('w2', hidden, outputs)];
  const h = unary(graph, 'Tanh', matrixProduct(graph, x, w1, false, false));
  const error = binary(graph, 'Sub', matrixProduct(graph, h, w2, false, false), y);
  const squared = binary(graph, 'Mul', error, error);
  const loss = graph.one('ReduceMean', [squared, graph.integers([0, 1])], 'float32', [], { keepdims: 0 });
  const slope = binary(graph, 'Sub', graph.splat(1, 'float32', []), binary(graph, 'Mul', h, h));
  const back = binary(graph, 'Mul', matrixProduct(graph, error, w2, false, true), slope);
  const rate = graph.splat(1e-3, 'float32', []);
  const stepped = (w: Value, gradient: Value) => binary(graph, 'Sub', w, binary(graph, 'Mul', gradient, rate));
  const next1 = stepped(w1, matrixProduct(graph, x, back, true, false));
  const next2 = stepped(w2, matrixProduct(graph, h, error, true, false));
  const traced = {
    graph,
    nodes: graph.nodes,
    inputs: new Map([x, y].map((value) => [value.inputName as string, value])),
    stateInputs: new Map([w1, w2].entries()),
    stateOutputs: new Map([next1, next2].entries()),
    outputs: new Map([['', loss]]),
  };
  return modelOfTrace(forDevice(traced, device, 'probe'), 'probe');
}

async function takeSteps(device: OrtDevice): Promise<{ weights: Float32Array; milliseconds: number }> {
  const session = await createSession(model(device).model, { device });
  try {
    return await descend(session);
  } finally {
    await session.release();
  }
}

async function descend(session: Session): Promise<{ weights: Float32Array; milliseconds: number }> {
  const random = seededRandom('probe');
  const draw = (scale: number, ...shape: [number, number]) =>
    new OrtTensor(
      'float32',
      Float32Array.from({ length: shape[0] * shape[1] }, () => scale * (random.uniform() - 0.5)),
      shape,
    );
  const [x, y] = [draw(2, batch, inputs), draw(2, batch, outputs)];
  let [w1, w2] = [draw(0.1, inputs, hidden), draw(0.1, hidden, outputs)];
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let step = 0; step < steps; step++) {
    const start = performance.now();
    const found = await session.run({ x, y, w1, w2 }, { 'next.0': null, 'next.1': null, output: null });
    if (step > 0) milliseconds = Math.min(milliseconds, performance.now() - start);
    [w1, w2] = [found['next.0'] as typeof w1, found['next.1'] as typeof w2];
  }
  return { weights: Float32Array.from([...(w1.data as Float32Array), ...(w2.data as Float32Array)]), milliseconds };
}
