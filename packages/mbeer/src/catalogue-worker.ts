// The thread behind `generateCatalogue`: proposes and draws products.
import { parentPort, workerData } from 'node:worker_threads';
import type { CatalogueReply, CatalogueRequest } from './node/catalogue/catalogue-protocol.js';
import { type CatalogueSetup, catalogueWork } from './node/catalogue/catalogue-work.js';

const work = catalogueWork(workerData as CatalogueSetup);

parentPort?.on('message', async (request: CatalogueRequest) => {
  parentPort?.postMessage(await answer(request));
});

async function answer(request: CatalogueRequest): Promise<CatalogueReply> {
  if ('propose' in request) return { looks: await work.propose(request.propose) };
  try {
    await work.draw(request.draw, () => {});
    return { drawn: request.draw.length };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}
