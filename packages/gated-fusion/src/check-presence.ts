import type * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import type { ModalityInput, ModalityInputs } from './modality-input.js';

/**
 * Checks what `forward` cannot without reading tensors back: masks and presence hold only 0 and 1, a present modality has a
 * valid token, and every row has a modality. It reads the (small) masks from the device, so call it where batches are
 * made, in eager code, never inside a traced function. What `forward` does with such rows is finite but meaningless: a row
 * with neither modality gets the same constant embedding as every other such row.
 *
 * @throws UniecsError `data` with the row numbers in `details.rows`
 */
export function checkPresence(inputs: ModalityInputs): void {
  const here = (['image', 'text'] as const).flatMap((modality) => {
    const input = inputs[modality];
    return input ? [presentRows(input, modality)] : [];
  });
  const count = here[0]?.length ?? 0;
  const empty = Array.from({ length: count }, (_, row) => row).filter((row) => !here.some((rows) => rows[row]));
  refuse(empty, 'an image or a text in every row', 'neither', 'leave these rows out of the batch');
}

function presentRows({ tokens, mask, present }: ModalityInput, modality: string): boolean[] {
  const [batch, count] = tokens.shape;
  const keep = mask && bits(mask, `${modality}.mask`, count);
  const rows = present && bits(present, `${modality}.present`, 1);
  const isPresent = Array.from({ length: batch }, (_, row) => (rows ? rows[row] === 1 : true));
  const withoutToken = isPresent.flatMap((here, row) => {
    const valid = keep?.subarray(row * count, (row + 1) * count).includes(1) ?? true;
    return here && !valid ? [row] : [];
  });
  const hint = `set ${modality}.present to 0 there, or keep a token`;
  refuse(withoutToken, `a valid ${modality} token in every row that has the modality`, 'none', hint);
  return isPresent;
}

function bits(x: tf.Tensor, name: string, perRow: number): Float32Array {
  const values = Float32Array.from(x.dataSync() as Float32Array);
  const wrong = Array.from(values.keys()).filter((i) => values[i] !== 0 && values[i] !== 1);
  const rows = [...new Set(wrong.map((i) => Math.floor(i / perRow)))];
  refuse(rows, `only 0 and 1 in ${name}`, `${values[wrong[0] ?? 0]}`, 'pass 1 for what counts and 0 for what does not');
  return values;
}

function refuse(rows: readonly number[], expected: string, got: string, hint: string): void {
  if (rows.length === 0) return;
  const listed = rows.slice(0, 5).join(', ') + (rows.length > 5 ? ` and ${rows.length - 5} more` : '');
  throw new UniecsError({
    code: 'data',
    where: 'checkPresence',
    expected,
    got: `${got} in row ${listed}`,
    hint,
    details: { rows },
  });
}
