import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { checkPresence } from './check-presence.js';
import type { ModalityInputs } from './modality-input.js';

const image = { tokens: tf.zeros<tf.Rank.R3>([3, 2, 5]) };
const text = { tokens: tf.zeros<tf.Rank.R3>([3, 4, 7]) };

function refused(inputs: ModalityInputs): UniecsError {
  try {
    checkPresence(inputs);
  } catch (error) {
    if (UniecsError.isInstance(error)) return error;
  }
  throw new Error('expected a UniecsError');
}

describe('checkPresence', () => {
  it('accepts rows with image, text or both, and a batch with one modality alone', async () => {
    const mask = tf.tensor2d([
      [1, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
    ]);
    const present = [tf.tensor1d([0, 1, 1]), tf.tensor1d([1, 0, 1])] as const;
    await expectNoTensorLeak(() => {
      checkPresence({ image: { ...image, present: present[0] }, text: { ...text, mask, present: present[1] } });
      checkPresence({ image });
      checkPresence({ text: { ...text, present: undefined } });
    });
  });

  it('names the rows with neither modality', () => {
    const here = tf.tensor1d([0, 1, 0]);
    const error = refused({ image: { ...image, present: here }, text: { ...text, present: tf.tensor1d([0, 0, 0]) } });
    expect(error.details.rows).toEqual([0, 2]);
    expect(error.message).toBe(
      'checkPresence: expected an image or a text in every row, got neither in row 0, 2; leave these rows out of the batch',
    );
    expect(refused({ image: { ...image, present: here } }).details.rows).toEqual([0, 2]);
  });

  it('names the rows that have a modality but no valid token of it', () => {
    const mask = tf.tensor2d([
      [1, 1, 0, 0],
      [0, 0, 0, 0],
      [1, 0, 0, 0],
    ]);
    const error = refused({ image, text: { ...text, mask } });
    expect([error.code, error.details.rows]).toEqual(['data', [1]]);
    expect(error.message).toContain('valid text token');
  });

  it('refuses masks and presence with other numbers than 0 and 1', () => {
    expect(refused({ image: { ...image, present: tf.tensor1d([1, 0.5, 1]) } }).message).toContain(
      'image.present, got 0.5 in row 1',
    );
    const mask = tf.tensor2d([
      [1, 1, 0, 0],
      [1, 0, 0, 0],
      [1, 0, Number.NaN, 0],
    ]);
    expect(refused({ text: { ...text, mask } }).message).toContain('text.mask, got NaN in row 2');
  });
});
