import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { disposeModule } from '@uniecs/tensor';
import '@tensorflow/tfjs-backend-cpu';
import { loadTokenizer, pretrainedText } from '@uniecs/encoders/node';
import { expect, it } from 'vitest';
import { checkpoints } from './pretrained.mjs';

/** @type {{ titles: string[], ids: Record<string, number[][]> }} */
const fixture = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, 'fixtures', 'titles.json.gz'))).toString('utf8'),
);

it.each(Object.entries(fixture.ids))(
  "an imported tokenizer gives 2,000 titles the ids of Python's tokenizers: %s",
  async (name, expected) => {
    const { encoder, tokenizer } = await pretrainedText(join(checkpoints, name));
    disposeModule(encoder);
    const { encodeBatch } = loadTokenizer(tokenizer);
    const most = 256;
    const { ids, mask } = encodeBatch(fixture.titles, most);
    const wrong = fixture.titles.flatMap((title, row) => {
      const count = mask.subarray(row * most, (row + 1) * most).reduce((sum, x) => sum + x, 0);
      const ours = [...ids.subarray(row * most, row * most + count)];
      return String(ours) === String(expected[row]) ? [] : [{ title, ours, theirs: expected[row] }];
    });
    expect(wrong).toEqual([]);
    expect(fixture.titles).toHaveLength(2000);
  },
);
