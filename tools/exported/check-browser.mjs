// Embeds items in a browser from an exported folder (role item) and compares with what Node gives: decoding, scaling, tokens, onnxruntime-web.
// npm install onnxruntime-web (148 MB, somewhere else); node tools/exported/check-browser.mjs FOLDER ITEMS.jsonl IMAGES WHERE_IT_IS [BROWSER]
// IMAGES: the folder that the items' image paths start in. BROWSER: a Chromium on this machine, default chromium.
import { spawn } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [folder, itemFile, images, installed, browser = 'chromium'] = process.argv.slice(2);
if (!folder || !itemFile || !images || !installed) {
  throw new Error('usage: node tools/exported/check-browser.mjs FOLDER ITEMS IMAGES WHERE [BROWSER]');
}
const root = join(import.meta.dirname, '..', '..');
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(root, 'packages', path)).href);
const { exportedEmbedder, readExportManifest } = await load('retrieval/dist/index.js');
const { readItems } = await load('mbeer/dist/node.js');
const { decodeImage } = await load('encoders/dist/node.js');

const manifest = await readExportManifest(folder);
const { items, problems } = await readItems(itemFile, { images });
if (problems.length > 0) throw new Error(`${itemFile}: ${problems[0].reason}`);
/** @type {{ id: string, title?: string, image?: string }[]} */
const whole = items.filter((/** @type {{ title?: string, image?: string }} */ item) => item.image && item.title);
const embedder = await exportedEmbedder(folder);
const expected = await embedder.embed(whole);
await embedder.dispose();
const { size, fit, filter } = manifest.image;
const form = filter === 'lanczos3' ? { fit } : { fit, filter };

// The page: the browser's entry of the encoders, bundled, and what a page of one's own would do with it.
const page = `
import { decodeInBrowser, loadTokenizer, normalizePixels } from '@uniecs/encoders/browser';
import * as ort from '/ort/ort.wasm.min.mjs';
const say = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
try {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/ort/';
  const get = async (path) => (await fetch(path)).json();
  const [manifest, tokenizerJson, items] = await Promise.all(['/export.json', '/tokenizer.json', '/items'].map(get));
  const tokenizer = loadTokenizer(tokenizerJson);
  const session = await ort.InferenceSession.create('/model.onnx', { executionProviders: ['wasm'] });
  const { size, fit, filter, mean, std } = manifest.image;
  const { maxLength } = manifest.text;
  const found = [];
  for (const [i, { title }] of items.entries()) {
    const blob = await (await fetch('/image/' + i)).blob();
    const bytes = await decodeInBrowser(blob, size, filter === 'lanczos3' ? { fit } : { fit, filter });
    const { ids, mask } = tokenizer.encodeBatch([title], maxLength);
    const { embedding } = await session.run({
      pixels: new ort.Tensor('float32', normalizePixels(bytes, { mean, std }), [1, size, size, 3]),
      ids: new ort.Tensor('int32', ids, [1, maxLength]),
      mask: new ort.Tensor('float32', mask, [1, maxLength]),
      has_image: new ort.Tensor('float32', [1], [1]),
      has_text: new ort.Tensor('float32', [1], [1]),
    });
    found.push({ bytes: Array.from(bytes), embedding: Array.from(embedding.data) });
  }
  await say({ agent: navigator.userAgent, found });
} catch (error) {
  await say({ error: String(error?.stack ?? error) });
}`;
const bundled = await build({
  stdin: { contents: page, resolveDir: join(root, 'packages', 'cli'), loader: 'js' },
  ...{ bundle: true, format: 'esm', platform: 'browser', write: false, external: ['/ort/*'] },
});
const files = /** @type {Record<string, string>} */ ({
  '/export.json': join(folder, 'export.json'),
  '/tokenizer.json': join(folder, manifest.text.tokenizer),
  '/model.onnx': join(folder, manifest.roles.item?.file ?? 'item.onnx'),
});
const types = /** @type {Record<string, string>} */ ({
  mjs: 'text/javascript',
  wasm: 'application/wasm',
  json: 'application/json',
});

/** @type {(result: any) => void} */
let tell = () => {};
const told = new Promise((resolve) => {
  tell = resolve;
});
const server = createServer((request, response) => {
  const url = request.url ?? '/';
  if (url === '/result') {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      response.end();
      tell(JSON.parse(body));
    });
    return;
  }
  if (url === '/')
    return response.setHeader('content-type', 'text/html').end('<script type="module" src="/page.mjs"></script>');
  if (url === '/page.mjs') {
    return response.setHeader('content-type', 'text/javascript').end(bundled.outputFiles[0]?.text);
  }
  if (url === '/items') return response.setHeader('content-type', 'application/json').end(JSON.stringify(whole));
  const path = url.startsWith('/ort/')
    ? join(resolve(installed), 'node_modules/onnxruntime-web/dist', basename(url))
    : url.startsWith('/image/')
      ? whole[Number(basename(url))]?.image
      : files[url];
  if (!path) return response.writeHead(404).end();
  response.setHeader('content-type', types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream');
  return createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const profile = mkdtempSync(join(tmpdir(), 'uniecs-browser-'));
const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
const child = spawn(browser, [...flags, `http://127.0.0.1:${port}/`], { stdio: 'ignore' });
const late = setTimeout(() => tell({ error: 'nothing heard of the page for ten minutes' }), 600_000);
child.on('error', (error) => tell({ error: `${browser}: ${error.message}` }));
const result = await told;
clearTimeout(late);
child.kill();
server.close();
server.closeAllConnections();
await new Promise((resolve) => (child.exitCode === null && child.pid ? child.on('exit', resolve) : resolve(undefined)));
rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
if (result.error) throw new Error(result.error);

const { dimension } = manifest.model;
let [mostPixel, differing, compared, worst, leastCosine] = [0, 0, 0, 0, 1];
for (const [i, { bytes, embedding }] of result.found.entries()) {
  const own = await decodeImage(readFileSync(/** @type {string} */ (whole[i]?.image)), size, form);
  own.forEach((/** @type {number} */ value, /** @type {number} */ k) => {
    const difference = Math.abs(value - bytes[k]);
    mostPixel = Math.max(mostPixel, difference);
    differing += Number(difference > 0);
    compared++;
  });
  let cosine = 0;
  for (let k = 0; k < dimension; k++) {
    const value = expected.fused[i * dimension + k];
    worst = Math.max(worst, Math.abs(value - embedding[k]));
    cosine += value * embedding[k];
  }
  leastCosine = Math.min(leastCosine, cosine);
}
console.log(result.agent);
console.log(
  `${whole.length} items, ${fit} with ${filter}: pixels differ by at most ${mostPixel}, ${((100 * differing) / compared).toFixed(2)} % of them`,
);
console.log(`embeddings: largest difference ${worst.toExponential(2)}, least cosine ${leastCosine.toFixed(7)}`);
// Larger than what 32-bit sums leave, smaller than what anybody ranks by; not asked of sharp's own filter, which no browser has.
process.exit(filter !== 'lanczos3' && worst > 1e-3 ? 1 : 0);
