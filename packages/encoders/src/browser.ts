export { type BrowserImageOptions, decodeInBrowser } from './images/decode-in-browser.js';
export {
  clipMean,
  clipStd,
  type NormalizeOptions,
  normalizePixels,
  type PerChannel,
} from './images/normalize-pixels.js';
export { type ResampleFilter, type RgbImage, resample } from './images/resample.js';
export { squareImage } from './images/square-image.js';
export { type EncodedTitles, loadTokenizer, type TitleTokenizer } from './tokenizer/load-tokenizer.js';
