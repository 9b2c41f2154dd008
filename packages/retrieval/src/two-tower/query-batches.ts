import type { HostTensor } from '@uniecs/compile';
import type { AugmentOptions } from '@uniecs/encoders/node';
import { type Item, type QueryProduct, queryProducts, withImages } from '@uniecs/mbeer';
import type { BatchSource } from '../data/batch-queue.js';
import { imageDraw } from '../data/image-draw.js';
import { anyPartial, float32, type HostItems, type ItemLoader, int32, itemBatch } from '../data/item-batch.js';
import type { QuerySet } from './query-data.js';
import type { ProductReads } from './two-tower-config.js';

/** A batch of N queries, each with one of its relevant products, as host arrays. */
export interface HostQueryBatch {
  readonly queries: { readonly ids: HostTensor; readonly mask: HostTensor };
  readonly products: HostItems;
  /** The fields of `QueryLabels`. */
  readonly labels: {
    readonly valid: HostTensor;
    readonly alsoRelevant: HostTensor;
    readonly hasImage?: HostTensor;
    readonly hasText?: HostTensor;
  };
  /** Ids of the queries, then of their products; undefined for padding. */
  readonly ids: readonly (string | undefined)[];
  /** Rows of the data in this batch; the others are padding. */
  readonly count: number;
}

/** The batches of a run: a pure function of the step, so that a resumed run gets the same ones. */
export interface QueryBatches extends BatchSource<HostQueryBatch> {
  /** Pairs of a query and a product in an epoch. */
  readonly pairs: number;
  readonly stepsPerEpoch: number;
}

/** Where batches come from. */
export interface QueryBatchesOptions {
  readonly data: Pick<QuerySet, 'queries' | 'products'>;
  readonly loader: ItemLoader;
  /** N. */
  readonly batchSize: number;
  readonly seed: number;
  /** Relevant products of a query in an epoch, at most; default 4. */
  readonly perQuery?: number;
  /** A tower that reads the title alone gets no images. */
  readonly reads: ProductReads;
  /** Changes of the augmentation; false for none. */
  readonly augment?: AugmentOptions | false;
}

/**
 * Draws anew for each epoch which of its relevant products a query comes with (`queryProducts`) and cuts their order into batches; a
 * short one is filled with rows that no loss sees. Each image is augmented by a stream of its product and step.
 */
export function queryBatches(options: QueryBatchesOptions): QueryBatches {
  const { data, loader, batchSize, seed, perQuery = 4, reads, augment = {} } = options;
  const { tokenizer, maxLength } = loader;
  const productOf = new Map(data.products.map((product) => [product.id, readable(product, reads)]));
  const relevantTo = new Map(data.queries.map(({ id, relevant }) => [id, new Set(relevant)]));
  const partial = anyPartial(productOf.values());
  const oneImage = imageDraw(seed);
  const epochOf = (epoch: number) => queryProducts(data.queries, { seed: `${seed} epoch ${epoch}`, perQuery });
  let drawn: { readonly epoch: number; readonly pairs: readonly QueryProduct[] } = { epoch: 0, pairs: epochOf(0) };
  const pairs = drawn.pairs.length;
  const stepsPerEpoch = Math.ceil(pairs / batchSize);

  function pairsAt(step: number): readonly QueryProduct[] {
    const epoch = Math.floor(step / stepsPerEpoch);
    if (drawn.epoch !== epoch) drawn = { epoch, pairs: epochOf(epoch) };
    const start = (step % stepsPerEpoch) * batchSize;
    return drawn.pairs.slice(start, start + batchSize);
  }

  async function batch(step: number, pixels?: Uint8Array): Promise<HostQueryBatch> {
    const chosen = pairsAt(step);
    const padding: undefined[] = Array.from({ length: batchSize - chosen.length });
    const shown = (id: string) => {
      const product = productOf.get(id);
      return product && oneImage(product, step);
    };
    const items = [...chosen.map(({ productId }) => shown(productId)), ...padding];
    const products = await itemBatch(items, loader, {
      partial,
      augment: augment === false ? undefined : { seed, step, options: augment },
      into: pixels,
    });
    const texts = tokenizer.encodeBatch([...chosen.map(({ text }) => text), ...padding], maxLength);
    // A row of padding keeps one token, so that its (unread) mean stays finite.
    for (let row = chosen.length; row < batchSize; row++) texts.mask[row * maxLength] = 1;
    const valid = Float32Array.from({ length: batchSize }, (_, row) => Number(row < chosen.length));
    const { hasImage, hasText } = products;
    return {
      queries: { ids: int32(texts.ids, batchSize, maxLength), mask: float32(texts.mask, batchSize, maxLength) },
      products,
      labels: {
        valid: float32(valid, batchSize),
        alsoRelevant: float32(alsoRelevant(chosen, relevantTo, batchSize), batchSize, batchSize),
        ...(hasImage && hasText ? { hasImage, hasText } : {}),
      },
      ids: [...chosen.map(({ queryId }) => queryId), ...padding, ...items.map((item) => item?.id)],
      count: chosen.length,
    };
  }

  return { pairs, stepsPerEpoch, rows: batchSize, batch };
}

/** What a tower reads of a product. */
export function readable(product: Item, reads: ProductReads): Item {
  if (reads === 'image and text') return product;
  return withImages(product, []);
}

/** [N, N], 1 where product j is relevant to query i and j is not i; 0 in rows and columns of padding. */
function alsoRelevant(
  chosen: readonly QueryProduct[],
  relevantTo: ReadonlyMap<string, ReadonlySet<string>>,
  size: number,
): Float32Array {
  const mask = new Float32Array(size * size);
  chosen.forEach(({ queryId }, i) => {
    const relevant = relevantTo.get(queryId) as ReadonlySet<string>;
    chosen.forEach(({ productId }, j) => {
      if (j !== i && relevant.has(productId)) mask[i * size + j] = 1;
    });
  });
  return mask;
}
