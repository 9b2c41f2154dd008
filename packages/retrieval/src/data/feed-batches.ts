import type { HostTree } from '@uniecs/compile';
import type { PixelPreparation } from '@uniecs/encoders/node';
import type { Item } from '@uniecs/mbeer';
import { featureFeeder, type HostFeatures } from '../features/host-features.js';
import type { FeatureTensors, ItemTensors } from '../model/item-tensors.js';
import { type FedRows, itemFeeder } from './feed-items.js';
import type { HostItems, ItemBatchOptions } from './item-batch.js';

/** A batch of items: what the encoders take, or what frozen ones gave. */
export type HostBatch = HostItems | HostFeatures;

/** Makes the batch of some items; undefined is padding. */
export type LoadItems<Batch extends HostBatch = HostBatch> = (
  items: readonly (Item | undefined)[],
  options: ItemBatchOptions,
) => Promise<Batch>;

/** Rows of a batch of either kind as a compiled function takes them; they hold until the next call of the same feeder. */
export type BatchFeeder = (batch: HostBatch, rows?: FedRows) => HostTree<ItemTensors | FeatureTensors>;

/**
 * `itemFeeder` and `featureFeeder` in one.
 *
 * @param preparation of pixels, as `itemFeeder` takes it
 */
export function batchFeeder(preparation?: Pick<PixelPreparation, 'mean' | 'std'>): BatchFeeder {
  const [items, features] = [itemFeeder(preparation), featureFeeder()];
  return (batch, rows) => ('pixels' in batch ? items(batch, rows) : features(batch, rows)) as ReturnType<BatchFeeder>;
}
