import { defineConfig } from 'vitest/config';

// Without isolation tfjs loads once for the whole suite instead of once per file; no test leaves state behind.
export default defineConfig({ test: { isolate: false } });
