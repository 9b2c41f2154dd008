import type { Item, Pair } from '@uniecs/mbeer';
import { type Random, seededRandom } from '@uniecs/tensor';
import { imageDraw } from './image-draw.js';

/**
 * Probabilities, 0 to 1 and together at most 1, with which an item that has both modalities comes without one of them: never without
 * both. Default 0 each.
 */
export interface ModalityDropout {
  /** Without its image. */
  readonly image?: number;
  /** Without its title. */
  readonly text?: number;
}

/** How pairs differ from step to step. */
export interface PairVariation {
  readonly seed: number;
  /** Probability that the two items change places; default 0. */
  readonly swap?: number | undefined;
  readonly modalityDropout?: ModalityDropout | undefined;
}

/** Whether items may come without a modality that they have. */
export function dropsModalities({ image = 0, text = 0 }: ModalityDropout): boolean {
  return image > 0 || text > 0;
}

/**
 * The pair of an index as it comes in a step: its items swapped, with one of their images each, and without a modality, as the
 * probabilities say. Drawn from the seed, by
 * pair and step or item and step, so that it depends on nothing that came before: a resumed run gets the same pairs.
 */
export function varyPairs({
  seed,
  swap = 0,
  modalityDropout = {},
}: PairVariation): (pair: Pair, index: number, step: number) => Pair {
  const random = seededRandom(seed);
  const swaps = random.fork('swap');
  const drops = random.fork('modality dropout');
  const draw = (stream: Random, step: number, what: string | number) => stream.fork(step).fork(what).uniform();
  const isVaried = dropsModalities(modalityDropout);
  const oneImage = imageDraw(seed);

  function kept(whole: Item, step: number): Item {
    const { image: withoutImage = 0, text: withoutText = 0 } = modalityDropout;
    const item = oneImage(whole, step);
    const { title, image, ...rest } = item;
    if (!isVaried || title === undefined || image === undefined) return item;
    const drawn = draw(drops, step, item.id);
    if (drawn < withoutImage) return { ...rest, title };
    return drawn < withoutImage + withoutText ? { ...rest, image } : item;
  }

  return (pair, index, step) => {
    const { item1, item2 } = pair;
    const isSwapped = swap > 0 && draw(swaps, step, index) < swap;
    const [first, second] = isSwapped ? [item2, item1] : [item1, item2];
    return { ...pair, item1: kept(first, step), item2: kept(second, step) };
  };
}
