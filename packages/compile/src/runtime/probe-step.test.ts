import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { trace } from '../trace/trace.js';
import { compile } from './compile.js';
import { probeStep } from './probe-step.js';
import { trialStep } from './trial-step.js';

const size = { pairs: 8, length: 6, width: 16 };

describe('the trial step', () => {
  it('has the operators that training steps are made of', () => {
    const { state, inputs, fn } = trialStep(size);
    const { nodes } = trace({ name: 'trial', fn, state }, inputs);
    const ops = new Set(nodes.map(({ op }) => op));
    const wanted = ['LayerNormalization', 'Gelu', 'Softmax', 'Gather', 'ScatterElements', 'Where', 'TopK'];
    expect(wanted.filter((op) => !ops.has(op))).toEqual([]);
  });

  it('moves the variables, and lowers the loss', async () => {
    const { state, inputs, fn } = trialStep(size);
    const before = state.map((variable) => [...variable.dataSync()]);
    const step = compile(fn, { state });
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push((await step(inputs)).loss.data[0] as number);
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    const moved = state.filter((v, i) => [...step.state.read(v).data].some((value, at) => value !== before[i]?.[at]));
    // A shift of all keys moves no softmax: the gradient of their bias is zero but for rounding.
    expect(moved.length).toBeGreaterThanOrEqual(state.length - 1);
    await step.dispose();
  });

  it('agrees with itself on the CPU, and leaves no tensor behind', async () => {
    await probeStep('cpu');
    const { numTensors } = tf.memory();
    const { difference, milliseconds } = await probeStep('cpu');
    expect(difference).toBe(0);
    expect(milliseconds).toBeGreaterThan(0);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
