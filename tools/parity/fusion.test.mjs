import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { differences, perturbed, readFixture, swapped } from './fixture.mjs';
import { ourFusion } from './fusion.mjs';

/** @type {ReturnType<typeof readFixture<import('./fusion.mjs').FusionCase>>} */
const { cases, arrays } = readFixture('fusion');
const inputs = arrays('inputs');

describe("f, v, t and all gradients are PyTorch's, which zeroes every token of a missing modality", () => {
  it.each(cases)('$name', (fusionCase) => {
    const ours = ourFusion(fusionCase, arrays(`weights/${fusionCase.form}`), inputs);
    expect(differences(ours, arrays(`expected/${fusionCase.name}`))).toEqual([]);
  });
});

describe('the comparison notices', () => {
  const name = 'pooled residual: mixed rows, padded text';
  const fusionCase = /** @type {typeof cases[number]} */ (cases.find((each) => each.name === name));
  const weights = arrays(`weights/${fusionCase.form}`);
  const expected = arrays(`expected/${name}`);

  it('one element of any expected array moved by a thousandth', () => {
    const ours = ourFusion(fusionCase, weights, inputs);
    for (const array of expected.keys()) {
      expect(differences(ours, perturbed(expected, array)), array).toEqual([expect.stringContaining(`${array}: 1 of`)]);
    }
  });

  it.each([
    'image_projection.weight',
    'cross_layers.0.image.cross_attn.q_proj.weight',
    'cross_layers.1.text.gate.weight',
    'text_blocks.0.mlp.fc2.bias',
    'image_pool.layer_norm.weight',
    'fusion.projection.weight',
    'residual.scale',
  ])('one element of %s moved by a thousandth', (array) => {
    expect(differences(ourFusion(fusionCase, perturbed(weights, array), inputs), expected)).not.toEqual([]);
  });

  it('a weight with its axes exchanged, and a weight under the name of another', () => {
    const array = 'cross_layers.0.text.cross_attn.v_proj.weight';
    expect(differences(ourFusion(fusionCase, swapped(weights, array), inputs), expected)).not.toEqual([]);
    const other = /** @type {import('./fixture.mjs').Values} */ (weights.get(array.replace('v_proj', 'k_proj')));
    const renamed = new Map([...weights, [array, other]]);
    expect(differences(ourFusion(fusionCase, renamed, inputs), expected)).not.toEqual([]);
  });

  it('a mask or a presence that is another one', () => {
    for (const array of ['mask', 'present.text']) {
      const values = /** @type {import('./fixture.mjs').Values} */ (inputs.get(array));
      const data = values.data.map((x, i) => (i === 1 ? 1 - x : x));
      const other = new Map([...inputs, [array, { ...values, data }]]);
      expect(differences(ourFusion(fusionCase, weights, other), expected)).not.toEqual([]);
    }
  });

  it('a name that the state dict does not have', () => {
    const renamed = new Map([...weights].map(([key, values]) => [key.replace('q_proj', 'query'), values]));
    expect(() => ourFusion(fusionCase, renamed, inputs)).toThrow('loadStateDict');
  });
});
