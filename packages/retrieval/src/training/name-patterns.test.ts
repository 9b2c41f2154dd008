import { UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { namesMatching } from './name-patterns.js';

const names = [
  'image_encoder.layers.0.norm1.weight',
  'image_encoder.layers.0.norm1.bias',
  'image_encoder.layers.1.norm1.weight',
  'text_encoder.embedding.weight',
  'fusion.image_projection.weight',
  'fusion.image_projection.bias',
  'fusion2.weight',
  'terms.V2T.log_temperature',
];

describe('namesMatching', () => {
  it.each([
    ['fusion.image_projection.bias', [5]],
    ['image_encoder', [0, 1, 2]],
    ['image_encoder.layers.0', [0, 1]],
    ['encoders', [0, 1, 2, 3]],
    ['fusion', [4, 5]],
    ['fusion*', [4, 5, 6]],
    ['*.bias', [1, 5]],
    ['*norm1*', [0, 1, 2]],
    ['image_encoder.*.weight', [0, 2]],
    ['*', [0, 1, 2, 3, 4, 5, 6, 7]],
    ['terms.V2T.*', [7]],
  ])('%s', (pattern, expected) => {
    expect(namesMatching(pattern, names, 'freeze')).toEqual(expected.map((i) => names[i]));
  });

  it.each([
    ['image_encodr.layers.0', 'image_encoder'],
    ['fusion.image_projection.wieght', 'fusion.image_projection.weight'],
    ['fusio', 'fusion'],
    ['encoder', 'fusion'],
    ['image.encoder', 'image_encoder'],
    ['terms.T2T', 'terms.V2T'],
  ])('%s means nothing, and %s is near', (pattern, near) => {
    try {
      namesMatching(pattern, names, 'freeze');
    } catch (error) {
      expect(UniecsError.isInstance(error) && error.code).toBe('argument');
      expect(String(error)).toContain(`'${pattern}'`);
      expect(String(error)).toContain(near);
      return;
    }
    throw new Error('it was accepted');
  });
});
