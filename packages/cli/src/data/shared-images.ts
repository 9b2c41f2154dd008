import type { ImageSource } from '@uniecs/encoders/node';
import type { ImageForm } from '@uniecs/retrieval';
import { type OpenImagesOptions, openImages } from './open-images.js';

/** The sources of images of a command that runs several models: one for each form, opened when it is first asked for. */
export interface SharedImages {
  readonly of: (form: ImageForm) => ImageSource;
  /** Closes all of them. */
  dispose(): Promise<void>;
}

/** Shared sources of images, as `openImages` opens them. */
export function sharedImages(options: Omit<OpenImagesOptions, keyof ImageForm>): SharedImages {
  const sources = new Map<string, ImageSource>();
  return {
    of: (form) => {
      const key = JSON.stringify([form.size, form.fit, form.filter]);
      const source = sources.get(key) ?? openImages({ ...form, ...options });
      sources.set(key, source);
      return source;
    },
    dispose: async () => {
      await Promise.all([...sources.values()].map((source) => source.dispose()));
    },
  };
}
