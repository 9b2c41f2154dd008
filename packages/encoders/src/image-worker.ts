// The thread behind `imageSource`: reads, keeps and augments images.
import { parentPort, workerData } from 'node:worker_threads';
import { UniecsError } from '@uniecs/tensor';
import { fillImages } from './images/fill-images.js';
import { imageCache } from './images/image-cache.js';
import { type ImageStore, openImageStore } from './images/image-store.js';
import {
  errorFields,
  type WorkerReply,
  type WorkerRequest,
  type WorkerSetup,
  type WorkerStop,
} from './images/worker-protocol.js';

const setup = workerData as WorkerSetup;
try {
  answer(setup.store && openImageStore(setup.store));
} catch (error) {
  if (!UniecsError.isInstance(error)) throw error;
  parentPort?.postMessage({ stop: errorFields(error) } satisfies WorkerStop);
}

/** Takes requests from now on. */
function answer(store: ImageStore | undefined): void {
  const images = imageCache({ ...setup, fit: setup.fit ?? 'fill', store });
  parentPort?.on('message', async ({ job, ...request }: WorkerRequest) => {
    const failures = await fillImages(images, { ...request, size: setup.size });
    const reply: WorkerReply = {
      job,
      failures: failures.map(({ at, error }) => ({ at, error: errorFields(error) })),
      decoded: images.decoded,
      fault: store?.fault && errorFields(store.fault),
    };
    parentPort?.postMessage(reply);
  });
}
