import { createHash } from 'node:crypto';
import { clipMean, clipStd, decoderName } from '@uniecs/encoders/node';
import { namedParameters } from '@uniecs/tensor';
import { canonicalJson } from '../files/canonical-json.js';
import { imageForm } from '../model/image-form.js';
import type { RetrievalModel } from '../model/retrieval-model.js';
import type { Modality } from './feature-store.js';

/** Changes with the layout of the files. */
const formatRevision = 1;

/**
 * A name of all that token features follow from beside the item itself: the encoder's form and weights, and how a file becomes pixels.
 * With any other of them the name is another one, so that no features are taken for those of another encoder.
 */
export function encoderKey(modality: Modality, { config, tree }: RetrievalModel): string {
  const hash = createHash('sha256');
  const { mean = clipMean, std = clipStd } = config.pixels ?? {};
  const preprocessing = modality === 'image' ? { decoder: decoderName(imageForm(config)), mean, std } : {};
  const { vocabularySize: _, ...text } = config.text;
  const form = modality === 'image' ? config.image : text;
  hash.update(canonicalJson({ formatRevision, modality, form, preprocessing }));
  for (const [name, variable] of namedParameters(modality === 'image' ? tree.image_encoder : tree.text_encoder)) {
    hash.update(`${name}[${variable.shape}]`);
    const values = variable.dataSync() as Float32Array;
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex').slice(0, 32);
}
