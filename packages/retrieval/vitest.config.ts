import { defineConfig } from 'vitest/config';

// Without isolation tfjs and ONNX Runtime load once for the whole suite instead of once per file.
export default defineConfig({ test: { isolate: false, testTimeout: 60_000, hookTimeout: 60_000 } });
