import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { HostTensor } from '@uniecs/compile';
import type { Module } from '@uniecs/tensor';
import { float32, int32 } from '../data/item-batch.js';
import type { ModelConfig } from '../model/model-config.js';
import type { RetrievalModel } from '../model/retrieval-model.js';

/** What an exported file computes. */
export type ExportRole = 'image-tokens' | 'text-tokens' | 'fusion' | 'image' | 'text' | 'item';

/** The three that together are the model: with them everything else can be had. */
export const partRoles = ['image-tokens', 'text-tokens', 'fusion'] as const satisfies readonly ExportRole[];

/** Every role, the parts first. */
export const exportRoles: readonly ExportRole[] = [...partRoles, 'image', 'text', 'item'];

/** A role: a function of named tensors, what it reads of the model, and what goes in. */
export interface RoleFunction {
  readonly compute: (inputs: Readonly<Record<string, Tensor>>) => Readonly<Record<string, Tensor>>;
  readonly modules: readonly Module[];
  readonly inputs: (batch: number) => Readonly<Record<string, HostTensor>>;
}

/**
 * The functions of a model by role; B rows, images of side S, titles of L tokens. What is computed is what `represent` computes.
 *
 * - `image-tokens`: pixels [B, S, S, 3] to V, [B, Nv, Dv]
 * - `text-tokens`: ids and mask [B, L] to T, [B, L, Dt]
 * - `fusion`: V, T, mask, and has_image and has_text [B], 1 or 0, to the embedding of what each row has, [B, D]: f with both, v with the
 *   image alone, t with the title alone. What stands in the tokens of what a row has not does not matter, as long as it is finite
 * - `image`, `text`: pixels to v; ids and mask to t, in one file
 * - `item`: pixels, ids, mask, has_image, has_text to f, in one file
 */
export function roleFunction(role: ExportRole, model: RetrievalModel): RoleFunction {
  const { image_encoder, text_encoder, fusion } = model.tree;
  const sizes = model.config;
  switch (role) {
    case 'image-tokens':
      return {
        compute: ({ pixels }) => ({ tokens: image_encoder.forward(pixels as Tensor).tokens }),
        modules: [image_encoder],
        inputs: (batch) => imageInputs(sizes, batch),
      };
    case 'text-tokens':
      return {
        compute: ({ ids, mask }) => ({ tokens: text_encoder.forward(ids as Tensor, mask as Tensor).tokens }),
        modules: [text_encoder],
        inputs: (batch) => textInputs(sizes, batch),
      };
    case 'fusion':
      return {
        compute: ({ image_tokens, text_tokens, text_mask, has_image, has_text }) => ({
          embedding: fusion.forward({
            image: { tokens: image_tokens as Tensor3D, present: has_image as Tensor1D },
            text: { tokens: text_tokens as Tensor3D, mask: text_mask as Tensor2D, present: has_text as Tensor1D },
          }),
        }),
        modules: [fusion],
        inputs: (batch) => fusionInputs(sizes, batch),
      };
    case 'image':
      return {
        compute: ({ pixels }) => ({ embedding: model.embedImages(pixels as Tensor) }),
        modules: [image_encoder, fusion],
        inputs: (batch) => imageInputs(sizes, batch),
      };
    case 'text':
      return {
        compute: ({ ids, mask }) => ({ embedding: model.embedTexts(ids as Tensor, mask as Tensor) }),
        modules: [text_encoder, fusion],
        inputs: (batch) => textInputs(sizes, batch),
      };
    case 'item':
      return {
        compute: ({ pixels, ids, mask, has_image, has_text }) => ({
          embedding: fusion.forward({
            image: { ...image_encoder.forward(pixels as Tensor), present: has_image as Tensor1D },
            text: { ...text_encoder.forward(ids as Tensor, mask as Tensor), present: has_text as Tensor1D },
          }),
        }),
        modules: [image_encoder, text_encoder, fusion],
        inputs: (batch) => ({ ...imageInputs(sizes, batch), ...textInputs(sizes, batch), ...presence(batch) }),
      };
  }
}

/** Nothing reads the elements: only dtype and shape count. */
const floats = (...shape: number[]): HostTensor => float32(new Float32Array(0), ...shape);

const imageInputs = ({ image }: ModelConfig, batch: number) => ({
  pixels: floats(batch, image.imageSize, image.imageSize, 3),
});

const textInputs = ({ text }: ModelConfig, batch: number) => ({
  ids: int32(new Int32Array(0), batch, text.maxLength),
  mask: floats(batch, text.maxLength),
});

const presence = (batch: number) => ({ has_image: floats(batch), has_text: floats(batch) });

const fusionInputs = ({ image, text }: ModelConfig, batch: number) => ({
  image_tokens: floats(batch, (image.imageSize / image.patchSize) ** 2 + 1, image.width),
  text_tokens: floats(batch, text.maxLength, text.width),
  text_mask: floats(batch, text.maxLength),
  ...presence(batch),
});
