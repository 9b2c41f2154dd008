import type { BertConfig } from '../models/bert.js';
import type { VisionTransformerConfig } from '../models/vision-transformer.js';

/** Shapes by the names of the parameters. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>;

type Entry = readonly [name: string, ...shape: number[]];

/** The parameters of `visionTransformer`, known before any memory is taken for them. */
export function visionShapes(config: VisionTransformerConfig): ParameterShapes {
  const { imageSize, patchSize, width, layers, ffnRatio = 4 } = config;
  const hidden = Math.round(width * ffnRatio);
  const patches = (imageSize / patchSize) ** 2;
  return shapes([
    ['embeddings.class_embedding', width],
    ['embeddings.patch_embedding.weight', width, 3, patchSize, patchSize],
    ['embeddings.position_embedding.weight', patches + 1, width],
    ...norm('pre_layrnorm', width),
    ...repeated(layers, (i) => {
      const layer = `encoder.layers.${i}`;
      return [
        ...norm(`${layer}.layer_norm1`, width),
        ...['q', 'k', 'v', 'out'].flatMap((part) => line(`${layer}.self_attn.${part}_proj`, width, width)),
        ...norm(`${layer}.layer_norm2`, width),
        ...line(`${layer}.mlp.fc1`, hidden, width),
        ...line(`${layer}.mlp.fc2`, width, hidden),
      ];
    }),
    ...norm('post_layernorm', width),
  ]);
}

/** The parameters of `bert`, known before any memory is taken for them. */
export function bertShapes(config: BertConfig): ParameterShapes {
  const { vocabularySize, maxLength, positions = maxLength, width, layers, ffnRatio = 4 } = config;
  const hidden = Math.round(width * ffnRatio);
  return shapes([
    ['embeddings.word_embeddings.weight', vocabularySize, width],
    ['embeddings.position_embeddings.weight', positions, width],
    ['embeddings.token_type_embeddings.weight', 2, width],
    ...norm('embeddings.LayerNorm', width),
    ...repeated(layers, (i) => {
      const layer = `encoder.layer.${i}`;
      return [
        ...['query', 'key', 'value'].flatMap((part) => line(`${layer}.attention.self.${part}`, width, width)),
        ...line(`${layer}.attention.output.dense`, width, width),
        ...norm(`${layer}.attention.output.LayerNorm`, width),
        ...line(`${layer}.intermediate.dense`, hidden, width),
        ...line(`${layer}.output.dense`, width, hidden),
        ...norm(`${layer}.output.LayerNorm`, width),
      ];
    }),
  ]);
}

const norm = (name: string, width: number): Entry[] => [
  [`${name}.weight`, width],
  [`${name}.bias`, width],
];

const line = (name: string, outputs: number, inputs: number): Entry[] => [
  [`${name}.weight`, outputs, inputs],
  [`${name}.bias`, outputs],
];

const repeated = (layers: number, entries: (layer: number) => Entry[]): Entry[] =>
  Array.from({ length: layers }, (_, i) => entries(i)).flat();

const shapes = (entries: readonly Entry[]): ParameterShapes =>
  new Map(entries.map(([name, ...shape]) => [name, shape]));
