import { type Activation, disposeModule } from '@uniecs/tensor';
import type { PixelPreparation } from '../images/pixel-preparation.js';
import { type VisionTransformer, visionTransformer } from '../models/vision-transformer.js';
import { checkpointError } from './checkpoint-error.js';
import { openCheckpoint } from './checkpoint-weights.js';
import { readPreparation } from './image-preparation.js';
import { interpolatePositions } from './interpolate-positions.js';
import { loadParameters, zeros } from './load-parameters.js';
import { type CheckpointReport, checkMatch, matchWeights } from './match-weights.js';
import { visionShapes } from './parameter-shapes.js';
import { readVisionConfig } from './vision-config.js';
import { visionLayout } from './weight-layout.js';

/** How an image encoder is loaded. */
export interface PretrainedVisionOptions {
  /** Side of the images, a multiple of the patches' side; default the checkpoint's. For another one the positions are interpolated. */
  readonly imageSize?: number | undefined;
  /** Of weights that no configuration says it of (OpenAI's and open_clip's state dicts); `quickGelu` for OpenAI's own. */
  readonly activation?: Activation | undefined;
}

/** An image encoder with the weights of a checkpoint. */
export interface PretrainedVision {
  /** Its variables are the caller's to dispose. */
  readonly encoder: VisionTransformer;
  /** How its images are to be prepared. */
  readonly preparation: PixelPreparation;
  readonly report: CheckpointReport;
}

const positionTable = 'embeddings.position_embedding.weight';

/**
 * Loads CLIP's image encoder from a local checkpoint: a folder of Hugging Face (CLIPModel, CLIPVisionModel, with projection or without) or
 * of open_clip, or a safetensors file with a state dict of OpenAI or open_clip (`visual.*`). Single or sharded, float32 or halves, which
 * become float32.
 *
 * @param path the folder, or the safetensors file
 * @throws UniecsError `data` where names or shapes do not fit, with the report in `details.report`, a weight is not finite, or a file lies
 *   outside the folder; `unsupported` for a pickle, another model or another preprocessing; `argument` for an imageSize that the patches do
 *   not divide, or an activation that must be said; `file` for missing or damaged files
 */
export async function pretrainedVision(path: string, options: PretrainedVisionOptions = {}): Promise<PretrainedVision> {
  const checkpoint = await openCheckpoint(path);
  const { folder, tensors } = checkpoint;
  const layout = visionLayout(tensors.keys());
  if (!layout) {
    throw checkpointError('unsupported', path, {
      expected: "weights of CLIP's vision transformer (Hugging Face, OpenAI or open_clip)",
      got: `${tensors.size} weights of other names (${[...tensors.keys()].slice(0, 3).join(', ')})`,
      hint: 'import a CLIP whose image encoder is a ViT',
    });
  }
  const read = await readVisionConfig({ folder, layout, tensors, activation: options.activation });
  const { patchSize, width } = read.config;
  const imageSize = options.imageSize ?? read.config.imageSize;
  if (!Number.isInteger(imageSize) || imageSize < patchSize || imageSize % patchSize !== 0) {
    throw checkpointError('argument', path, {
      expected: `an imageSize that is a multiple of ${patchSize}, the side of the patches`,
      got: `${imageSize}`,
      hint: `choose ${patchSize * Math.max(1, Math.round(imageSize / patchSize) || 1)}, or leave it out for ${read.config.imageSize}`,
    });
  }
  const { preparation, notes } = await readPreparation(folder);
  const shapes = visionShapes(read.config);
  const matched = matchWeights({ path, layout, tensors, shapes });
  checkMatch(matched.report);
  const encoder = visionTransformer({ ...read.config, imageSize, random: zeros });
  const [from, to] = [read.config.imageSize / patchSize, imageSize / patchSize];
  try {
    await loadParameters(encoder, checkpoint, matched, shapes, {
      [positionTable]: ({ data }) => ({
        data: interpolatePositions(data, from, to, width),
        shape: [1 + to * to, width],
      }),
    });
  } catch (error) {
    disposeModule(encoder);
    throw error;
  }
  const moved = from === to ? [] : [`positions of ${from} x ${from} patches interpolated to ${to} x ${to} (bicubic)`];
  return { encoder, preparation, report: { ...matched.report, notes: [...read.notes, ...notes, ...moved] } };
}
