// The thread behind `imageSource`: reads, keeps and augments images.
import { parentPort, workerData } from 'node:worker_threads';
import { fillImages } from './images/fill-images.js';
import { imageCache } from './images/image-cache.js';
import { openImageStore } from './images/image-store.js';
import { errorFields, type WorkerReply, type WorkerRequest, type WorkerSetup } from './images/worker-protocol.js';

const setup = workerData as WorkerSetup;
const store = setup.store && openImageStore(setup.store);
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
