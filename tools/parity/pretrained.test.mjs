import '@tensorflow/tfjs-backend-cpu';
import { interpolatePositions } from '@uniecs/encoders/node';
import { describe, expect, it } from 'vitest';
import { differences, perturbed, readFixture } from './fixture.mjs';
import { ourStates } from './pretrained.mjs';

/** @type {ReturnType<typeof readFixture<import('./pretrained.mjs').PretrainedCase>>} */
const { cases, arrays } = readFixture('pretrained');

describe("every hidden state of an imported checkpoint is transformers' and open_clip's", () => {
  it.each(cases)('$name', async (each) => {
    const ours = await ourStates(each, arrays(`inputs/${each.name}`));
    expect(differences(ours, arrays(`expected/${each.name}`))).toEqual([]);
  });

  it('the comparison notices one element of any state, and the other activation', async () => {
    const each = /** @type {typeof cases[number]} */ (cases.find(({ name }) => name === 'state-dict'));
    const [inputs, expected] = [arrays(`inputs/${each.name}`), arrays(`expected/${each.name}`)];
    const ours = await ourStates(each, inputs);
    for (const name of expected.keys()) expect(differences(ours, perturbed(expected, name))).toHaveLength(1);
    expect(differences(await ourStates({ ...each, activation: 'gelu' }, inputs), expected)).not.toEqual([]);
  });
});

describe("positions of another grid are F.interpolate's, bicubic", () => {
  it.each([
    [4, 4],
    [4, 2],
    [4, 7],
    [7, 3],
    [7, 24],
    [1, 3],
    [14, 16],
  ])('%i to %i', (from, to) => {
    const fixture = arrays(`positions/${from} ${to}`);
    const table = /** @type {Float32Array} */ (fixture.get('table')?.data);
    const shape = [1 + to * to, 3];
    const ours = new Map([['expected', { shape, data: interpolatePositions(table, from, to, 3) }]]);
    const expected = new Map([...fixture].filter(([name]) => name === 'expected'));
    expect(differences(ours, expected)).toEqual([]);
    expect(differences(perturbed(ours, 'expected'), expected)).toHaveLength(1);
  });
});
