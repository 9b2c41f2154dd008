import type { ImageSourceOptions } from '@uniecs/encoders/node';
import type { EncoderConfigs } from './model-config.js';

/** Which images a model reads: what a source of images is made with. */
export type ImageForm = Pick<ImageSourceOptions, 'size' | 'fit' | 'filter'>;

/** The images of a model: their side, and how they are made square. */
export function imageForm({ image, pixels }: EncoderConfigs): ImageForm {
  return { size: image.imageSize, fit: pixels?.fit ?? 'fill', filter: pixels?.filter };
}

/** Whether a source gives the images of a form. */
export function isOfForm(source: ImageForm, form: ImageForm): boolean {
  return source.size === form.size && source.fit === form.fit && source.filter === form.filter;
}
