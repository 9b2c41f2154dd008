import { join } from 'node:path';
import type { Activation, FileTensor } from '@uniecs/tensor';
import type { VisionTransformerConfig } from '../models/vision-transformer.js';
import { checkpointError } from './checkpoint-error.js';
import { type CheckpointFolder, isRecord, requireConfig } from './checkpoint-folder.js';
import { type ConfigValues, configValues } from './config-values.js';
import { activationOf, checkHeads } from './known-forms.js';
import type { WeightLayout } from './weight-layout.js';

/** A configuration that was read, and what was assumed on the way. */
export interface ReadConfig<Config> {
  readonly config: Config;
  readonly notes: readonly string[];
}

/** What the weights of an image encoder say about its form, where no configuration does. */
export interface VisionSources {
  readonly folder: CheckpointFolder;
  readonly layout: WeightLayout;
  readonly tensors: ReadonlyMap<string, Pick<FileTensor, 'shape'>>;
  /** Of weights without a configuration. */
  readonly activation?: Activation | undefined;
}

const mostLayers = 1000;
const mostWidth = 65_536;

/**
 * The form of a checkpoint's image encoder: from `config.json` (a CLIPModel's, or a CLIPVisionModel's with or without projection), from
 * `open_clip_config.json`, or of OpenAI's and open_clip's weights without either from the weights' shapes, with 64 numbers a head.
 *
 * @throws UniecsError `unsupported` for another model, `data` for values that make no sense, `argument` where the activation must be said
 */
export async function readVisionConfig(sources: VisionSources): Promise<ReadConfig<Required<VisionTransformerConfig>>> {
  const read =
    sources.layout.kind === 'Hugging Face CLIP' ? await fromTransformers(sources) : await fromOpenClip(sources);
  const { imageSize, patchSize, width, heads } = read.config;
  const path = sources.folder.path;
  checkHeads(path, width, heads);
  if (imageSize % patchSize === 0) return read;
  throw checkpointError('unsupported', path, {
    expected: 'patches that cover the image',
    got: `patches of ${patchSize} in an image of ${imageSize}`,
    hint: 'this checkpoint cannot be imported',
  });
}

async function fromTransformers({ folder }: VisionSources): Promise<ReadConfig<Required<VisionTransformerConfig>>> {
  const file = join(folder.path, 'config.json');
  const whole = await requireConfig(folder);
  const type = configValues(whole, file).text('model_type', 'clip_vision_model');
  const part = type === 'clip' ? whole.vision_config : whole;
  if (!['clip', 'clip_vision_model'].includes(type) || !isRecord(part)) {
    throw checkpointError('unsupported', file, {
      expected: "a CLIP model (model_type 'clip' with a vision_config, or 'clip_vision_model')",
      got: `'${type}'`,
      hint: "import CLIP's vision part",
    });
  }
  const values = configValues(part, file);
  const width = values.whole('hidden_size', 768, mostWidth);
  return {
    config: {
      imageSize: values.whole('image_size', 224, mostWidth),
      patchSize: values.whole('patch_size', 32, mostWidth),
      width,
      layers: values.whole('num_hidden_layers', 12, mostLayers),
      heads: values.whole('num_attention_heads', 12),
      ffnRatio: values.whole('intermediate_size', 3072) / width,
      dropout: 0,
      activation: activationOf(values.text('hidden_act', 'quick_gelu'), file),
      epsilon: values.number('layer_norm_eps', 1e-5),
    },
    notes: [],
  };
}

async function fromOpenClip(sources: VisionSources): Promise<ReadConfig<Required<VisionTransformerConfig>>> {
  const { folder, layout, tensors } = sources;
  const file = join(folder.path, 'open_clip_config.json');
  const stored = await folder.json('open_clip_config.json');
  const model = isRecord(stored?.model_cfg) ? stored.model_cfg : undefined;
  const vision = isRecord(model?.vision_cfg) ? model.vision_cfg : undefined;
  const [width, , patchSize] = shapeOf(sources, 'conv1.weight', 4) as [number, number, number];
  const [hidden] = shapeOf(sources, 'transformer.resblocks.0.mlp.c_fc.weight', 2) as [number];
  const [places] = shapeOf(sources, 'positional_embedding', 2) as [number];
  const side = Math.sqrt(places - 1);
  const notes: string[] = [];
  if (!Number.isInteger(side)) {
    throw checkpointError('unsupported', folder.path, {
      expected: 'positions of a class token and a square of patches',
      got: `${places} positions`,
      hint: 'this checkpoint cannot be imported',
    });
  }
  const values = configValues(vision ?? {}, file);
  if (vision) checkOpenClip(vision, values, file);
  const headWidth = values.whole('head_width', 64);
  if (!vision) notes.push(`no open_clip_config.json: ${headWidth} numbers a head, as in OpenAI's models`);
  const quick = model && configValues(model, file).flag('quick_gelu', false);
  const inLayers = new RegExp(`^${layout.prefix.replaceAll('.', '\\.')}transformer\\.resblocks\\.(\\d+)\\.`);
  const layers = 1 + Math.max(...[...tensors.keys()].map((name) => Number(inLayers.exec(name)?.[1] ?? -1)));
  return {
    config: {
      imageSize: side * patchSize,
      patchSize,
      width,
      layers: values.whole('layers', layers, mostLayers),
      heads: Math.max(1, Math.round(width / headWidth)),
      ffnRatio: hidden / width,
      dropout: 0,
      activation: quick === undefined ? givenActivation(sources) : quick ? 'quickGelu' : 'gelu',
      epsilon: isRecord(vision?.norm_kwargs) ? configValues(vision.norm_kwargs, file).number('eps', 1e-5) : 1e-5,
    },
    notes,
  };
}

/** Forms of open_clip's image encoders that are not CLIP's, though they have the same names. */
function checkOpenClip(vision: Readonly<Record<string, unknown>>, values: ConfigValues, file: string): void {
  const other = ['attentional_pool', 'no_ln_pre'].find((name) => values.flag(name, false));
  const named = other ?? (isRecord(vision.act_kwargs) ? 'act_kwargs' : undefined);
  const drops = values.number('ls_init_value', 0) > 0 ? 'ls_init_value' : undefined;
  const found = named ?? drops;
  if (found === undefined) return;
  throw checkpointError('unsupported', file, {
    expected: "CLIP's vision transformer",
    got: `one with ${found}`,
    hint: 'this form is not supported',
  });
}

function shapeOf({ folder, layout, tensors }: VisionSources, name: string, rank: number): readonly number[] {
  const shape = tensors.get(`${layout.prefix}${name}`)?.shape;
  if (shape?.length === rank && shape.every((size) => size > 0)) return shape;
  throw checkpointError('data', folder.path, {
    expected: `'${layout.prefix}${name}' with ${rank} axes`,
    got: shape ? `[${shape}]` : 'no such weight',
    hint: "pass a state dict of a CLIP whose image encoder is a vision transformer (ResNets and timm's are not supported)",
    details: { name },
  });
}

function givenActivation({ folder, activation }: VisionSources): Activation {
  if (activation) return activation;
  throw checkpointError('argument', folder.path, {
    expected: 'to be told the activation of weights without a configuration',
    got: 'neither it nor an open_clip_config.json',
    hint: "say quickGelu for OpenAI's own weights (and models that open_clip calls quickgelu), gelu for the others (--activation)",
  });
}
