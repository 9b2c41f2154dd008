import '@tensorflow/tfjs-backend-cpu';
import { disposeModule, type Module, namedParameters } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { bert } from '../models/bert.js';
import { visionTransformer } from '../models/vision-transformer.js';
import { zeros } from './load-parameters.js';
import { bertShapes, visionShapes } from './parameter-shapes.js';

const shapesOf = (module: Module) => {
  const shapes = [...namedParameters(module)].map(([name, { shape }]) => `${name} ${shape}`).sort();
  disposeModule(module);
  return shapes;
};

it("names and shapes are those of the encoders' own parameters", () => {
  const vision = { imageSize: 15, patchSize: 5, width: 6, layers: 2, heads: 2, ffnRatio: 11 / 6 };
  const listed = (shapes: ReturnType<typeof visionShapes>) =>
    [...shapes].map(([name, shape]) => `${name} ${shape}`).sort();
  expect(listed(visionShapes(vision))).toEqual(shapesOf(visionTransformer({ ...vision, random: zeros })));
  const text = { vocabularySize: 13, maxLength: 5, positions: 7, width: 6, layers: 2, heads: 3, ffnRatio: 2 };
  expect(listed(bertShapes(text))).toEqual(shapesOf(bert({ ...text, random: zeros })));
});
