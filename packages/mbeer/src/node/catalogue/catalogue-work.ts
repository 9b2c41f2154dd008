import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from '@uniecs/tensor';
import sharp from 'sharp';
import { toBytes } from './canvas.js';
import { drawProduct } from './draw-product.js';
import type { Look, Style } from './product.js';
import { distinctStyles, type Looks, proposeGroup } from './propose-group.js';

/** What the products of a catalogue hang on; plain values, so that threads can be given it. */
export interface CatalogueSetup {
  readonly seed: number | string;
  readonly pairs: number;
  readonly distractors: number;
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** Folder that pictures are written below. */
  readonly directory: string;
}

/** A proposal that is asked for. */
export interface ProposalRequest {
  readonly group: number;
  /** From 0; a group proposes anew until it is accepted. */
  readonly attempt: number;
}

/** A picture that is asked for. */
export interface PictureRequest {
  readonly group: number;
  readonly look: Look;
  /** Path below the folder. */
  readonly image: string;
}

/** What is done for each group of products and hangs on that group alone, wherever it is done. */
export interface CatalogueWork {
  /** The styles of the groups: those of pairs first. */
  readonly styles: readonly Style[];
  propose(requests: readonly ProposalRequest[]): Promise<Looks[]>;
  /** @param onDrawn called with how many more pictures are written */
  draw(requests: readonly PictureRequest[], onDrawn: (pictures: number) => void): Promise<void>;
  dispose(): Promise<void>;
}

/** Pictures encoded at a time. */
const concurrency = 4;

/** The work in this thread. */
export function catalogueWork({ seed, pairs, distractors, size, directory }: CatalogueSetup): CatalogueWork {
  const random = seededRandom(seed).fork('products');
  const styles = distinctStyles(pairs + distractors, random.fork('styles'));

  async function drawOne({ group, look, image }: PictureRequest): Promise<void> {
    const raw = { width: size, height: size, channels: 3 } as const;
    const pixels = toBytes(drawProduct({ ...look, style: styles[group] as Style }, size));
    await writeFile(join(directory, image), await sharp(pixels, { raw }).png({ compressionLevel: 6 }).toBuffer());
  }

  return {
    styles,
    async propose(requests) {
      return requests.map(({ group, attempt }) =>
        proposeGroup(styles[group] as Style, group < pairs, attempt, random.fork(group).fork(attempt), size),
      );
    },
    async draw(requests, onDrawn) {
      let next = 0;
      async function worker(): Promise<void> {
        for (let request = requests[next++]; request; request = requests[next++]) {
          await drawOne(request);
          onDrawn(1);
        }
      }
      const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, worker));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    },
    dispose: async () => {},
  };
}
