import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Packages beside those of UniECS whose version may make a difference to what is computed. */
const computing = ['@tensorflow/tfjs-core', 'onnxruntime-node', 'sharp'];

/**
 * Versions by package name of what computes: this package and every UniECS package that it needs, TensorFlow.js, ONNX Runtime and sharp, which
 * reads images, each as the package that uses it finds it. A package that cannot be found is left out.
 */
export function packageVersions(): Record<string, string> {
  const here = fileURLToPath(import.meta.url);
  const own = packageAbove(here);
  const found = new Map<string, string>();
  const waiting = own ? [{ entry: here, file: own }] : [];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { entry, file } = next;
    found.set(file.name, file.version);
    for (const name of Object.keys({ ...file.dependencies, ...file.peerDependencies })) {
      const wanted = name.startsWith('@uniecs/') || computing.includes(name);
      const one = wanted && !found.has(name) ? installed(name, entry) : undefined;
      if (one) waiting.push(one);
    }
  }
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A package as a file of another one finds it. Its `package.json` need not be among its exports: it lies above its entry. */
function installed(name: string, from: string): { readonly entry: string; readonly file: PackageFile } | undefined {
  try {
    const entry = createRequire(from).resolve(name);
    const file = packageAbove(entry, name);
    return file && { entry, file };
  } catch {
    return undefined;
  }
}

function packageAbove(path: string, name?: string): PackageFile | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const file = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Partial<PackageFile>;
      if (file.version && file.name && (name === undefined || file.name === name)) return file as PackageFile;
    } catch {
      // No package.json here: look further up.
    }
  }
  return undefined;
}
