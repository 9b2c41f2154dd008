import '@tensorflow/tfjs-backend-cpu';
import { disposeModule, namedParameters, seededRandom } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { drawTowers } from './stage-run.js';
import { smallTwoTower, smallTwoTowerConfig } from './testing/small-two-tower.js';

it('draws both text encoders alike, and every matrix by its inputs', () => {
  const model = smallTwoTower(smallTwoTowerConfig('fusion'));
  const values = () => new Map([...namedParameters(model)].map(([name, variable]) => [name, [...variable.dataSync()]]));
  const before = values();
  drawTowers(model, seededRandom(4));
  const after = values();
  const drawn = [...after].filter(([name, now]) => String(now) !== String(before.get(name))).map(([name]) => name);
  const own = drawn.filter((name) => name.startsWith('query_encoder.'));
  expect(own.length).toBeGreaterThan(3);
  for (const name of own) expect(after.get(name)).toEqual(after.get(name.replace('query_encoder.', 'text_encoder.')));
  for (const part of ['query_projection', 'text_encoder', 'image_encoder', 'fusion']) {
    expect(drawn.some((name) => name.startsWith(`${part}.`))).toBe(true);
  }
  disposeModule(model);
});
