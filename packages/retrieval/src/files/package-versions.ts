import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/**
 * Versions by package name of what computes: this package, the UniECS packages that it depends on, TensorFlow.js, and the ONNX Runtime
 * that `@uniecs/compile` runs. A package that cannot be found is left out.
 */
export function packageVersions(): Record<string, string> {
  const here = fileURLToPath(import.meta.url);
  const own = packageAbove(here);
  const names = Object.keys(own?.dependencies ?? {});
  const found = names.map((name) => installed(name, here));
  const runtime = found.find((one) => one?.file.name === '@uniecs/compile');
  const all = [
    own,
    ...found.map((one) => one?.file),
    installed('@tensorflow/tfjs-core', here)?.file,
    runtime && installed('onnxruntime-node', runtime.entry)?.file,
  ];
  return Object.fromEntries(all.filter((file) => file !== undefined).map(({ name, version }) => [name, version]));
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
