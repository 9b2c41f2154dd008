import type { HostTensor } from '@uniecs/compile';
import { type ImageSource, imageSource } from '@uniecs/encoders/node';
import { itemFeeder } from '../data/feed-items.js';
import { float32, itemBatch } from '../data/item-batch.js';
import { type Embedder, itemEmbedder } from '../embedding/embedder.js';
import { partRoles } from './export-roles.js';
import { exportFingerprint } from './exported-folder.js';
import { type OpenExportedOptions, openExported } from './open-exported.js';

/** Decoded images that an embedder keeps: each is read once, so only those of the pass at work. */
const cachedImageBytes = 64 * 2 ** 20;

/** How an exported folder embeds. */
export interface ExportedEmbedderOptions extends Omit<OpenExportedOptions, 'roles'> {
  /** Items per pass; default 64. */
  readonly batchSize?: number;
  /** Where images come from, which the caller disposes; default a source in this thread, without a store. */
  readonly images?: ImageSource;
}

/** An embedder of exported files, and the short name of their content. */
export interface ExportedEmbedder extends Embedder {
  readonly fingerprint: string;
}

/**
 * An embedder of the three parts of an exported folder: f, v and t as `modelEmbedder` gives them, up to rounding and what the type of the
 * weights takes.
 *
 * @throws UniecsError as `openExported`
 */
export async function exportedEmbedder(
  folder: string,
  { images, batchSize = 64, ...options }: ExportedEmbedderOptions = {},
): Promise<ExportedEmbedder> {
  const opened = await openExported(folder, { ...options, roles: partRoles });
  const { manifest, tokenizer } = opened;
  const { size, fit, filter } = manifest.image;
  const form = { size, fit, ...(filter === 'lanczos3' ? {} : { filter }) };
  const source = images ?? imageSource({ ...form, memoryBytes: cachedImageBytes });
  const loader = { tokenizer, images: source, maxLength: manifest.text.maxLength };
  const [imageTokens, textTokens, fusion] = partRoles.map((role) => opened.model(role));
  const outputOf = async (model: typeof fusion, inputs: Record<string, HostTensor>, name: string) =>
    (await model?.run(inputs))?.[name] as HostTensor;

  const made = itemEmbedder({
    dimension: manifest.model.dimension,
    images: source,
    batchSize,
    makeBatch: (items, made) => itemBatch(items, loader, made),
    feeder: () => itemFeeder(manifest.image),
    represent: async ({ pixels, ids, mask, hasImage, hasText }) => {
      const rows = pixels.shape[0] as number;
      const [all, none] = [1, 0].map((value) => float32(new Float32Array(rows).fill(value), rows)) as [
        HostTensor,
        HostTensor,
      ];
      const tokens = {
        image_tokens: await outputOf(imageTokens, { pixels }, 'tokens'),
        text_tokens: await outputOf(textTokens, { ids, mask }, 'tokens'),
        text_mask: mask,
      };
      const [image, text] = [hasImage ?? all, hasText ?? all];
      const embed = (has_image: HostTensor, has_text: HostTensor) =>
        outputOf(fusion, { ...tokens, has_image, has_text }, 'embedding');
      return { fused: await embed(image, text), image: await embed(image, none), text: await embed(none, text) };
    },
    dispose: async () => {
      await opened.dispose();
      if (!images) await source.dispose();
    },
  });
  return { ...made, fingerprint: exportFingerprint(manifest) };
}
