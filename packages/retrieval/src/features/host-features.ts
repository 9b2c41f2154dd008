import type { HostTensor } from '@uniecs/compile';
import { decodeFloat16 } from '@uniecs/tensor';
import { cutRows } from '../data/cut-rows.js';
import type { FedRows } from '../data/feed-items.js';
import { float32 } from '../data/item-batch.js';

/** Where token features of a row are read from: float16 words [N, D] one after the other. */
export type ReadWords = () => Uint16Array;

/** A batch of items as what their frozen encoders gave. The features stay on disk until they are fed. */
export interface HostFeatures {
  readonly image: HostModality;
  readonly text: HostModality;
  /** float32 [B, L]. */
  readonly mask: HostTensor;
  readonly hasImage?: HostTensor;
  readonly hasText?: HostTensor;
}

/** One modality of a batch. */
export interface HostModality {
  /** N, the same for all rows: a row with fewer tokens is filled up with zeros, which the mask leaves out. */
  readonly tokens: number;
  /** D. */
  readonly width: number;
  /** By row; undefined where it has none, which is zeros. */
  readonly rows: readonly (ReadWords | undefined)[];
}

let values: Float32Array | undefined;

/** The float32 of every float16 word: looking them up is many times as fast as decoding. */
function valuesOfWords(): Float32Array {
  values ??= decodeFloat16(Uint16Array.from({ length: 65536 }, (_, word) => word));
  return values;
}

/**
 * Makes tensors of rows of batches of features: `imageTokens` [n, Nv, Dv] and `textTokens` [n, L, Dt] in float32, which hold until the next call of
 * the same feeder, the other arrays cut. Rows beyond the end are the first again.
 */
export function featureFeeder() {
  const buffers = { image: new Float32Array(0), text: new Float32Array(0) };

  function fed(
    modality: 'image' | 'text',
    { tokens, width, rows }: HostModality,
    start: number,
    count: number,
  ): HostTensor {
    const rowSize = tokens * width;
    if (buffers[modality].length < count * rowSize) buffers[modality] = new Float32Array(count * rowSize);
    const data = buffers[modality].subarray(0, count * rowSize);
    const table = valuesOfWords();
    for (let row = 0; row < count; row++) {
      const words = (start + row < rows.length ? rows[start + row] : rows[0])?.();
      const used = Math.min(words?.length ?? 0, rowSize);
      const at = row * rowSize;
      for (let i = 0; i < used; i++) data[at + i] = table[(words as Uint16Array)[i] as number] as number;
      data.fill(0, at + used, at + rowSize);
    }
    return float32(data, count, tokens, width);
  }

  return ({ image, text, mask, hasImage, hasText }: HostFeatures, rows: FedRows = {}) => {
    const { start = 0, count = (mask.shape[0] as number) - start } = rows;
    const cut = { start, count, beyond: 'first' } as const;
    return {
      imageTokens: fed('image', image, start, count),
      textTokens: fed('text', text, start, count),
      mask: cutRows(mask, cut),
      ...(hasImage ? { hasImage: cutRows(hasImage, cut) } : {}),
      ...(hasText ? { hasText: cutRows(hasText, cut) } : {}),
    };
  };
}
