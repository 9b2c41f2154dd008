import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { ourEncoder } from './encoders.mjs';
import { differences, perturbed, readFixture, swapped } from './fixture.mjs';

/** @type {ReturnType<typeof readFixture<import('./encoders.mjs').EncoderCase>>} */
const { cases, arrays } = readFixture('encoders');

describe("token features and all gradients are PyTorch's", () => {
  it.each(cases)('$name', (encoderCase) => {
    const { name } = encoderCase;
    const ours = ourEncoder(encoderCase, arrays(`weights/${name}`), arrays(`inputs/${name}`));
    expect(differences(ours, arrays(`expected/${name}`))).toEqual([]);
  });
});

describe('the comparison notices', () => {
  it.each([
    ['ViT: quickGelu', 'encoder.layers.1.mlp.fc1.weight', 'encoder.layers.0.self_attn.q_proj.weight'],
    ['BERT: padding', 'encoder.layer.1.output.dense.bias', 'encoder.layer.0.attention.self.value.weight'],
  ])('one element of any expected array or of a weight, and exchanged axes: %s', (name, moved, turned) => {
    const encoderCase = /** @type {typeof cases[number]} */ (cases.find((each) => each.name === name));
    const weights = arrays(`weights/${name}`);
    const inputs = arrays(`inputs/${name}`);
    const expected = arrays(`expected/${name}`);
    const ours = ourEncoder(encoderCase, weights, inputs);
    for (const array of expected.keys()) {
      expect(differences(ours, perturbed(expected, array)), array).toEqual([expect.stringContaining(`${array}: 1 of`)]);
    }
    expect(differences(ourEncoder(encoderCase, perturbed(weights, moved), inputs), expected)).not.toEqual([]);
    expect(differences(ourEncoder(encoderCase, swapped(weights, turned), inputs), expected)).not.toEqual([]);
  });

  it('gelu where quickGelu is asked for', () => {
    const name = 'ViT: quickGelu';
    const other = /** @type {typeof cases[number]} */ (cases.find((each) => each.name === 'ViT: gelu'));
    const ours = ourEncoder(other, arrays(`weights/${name}`), arrays(`inputs/${name}`));
    expect(differences(ours, arrays(`expected/${name}`))).not.toEqual([]);
  });
});
