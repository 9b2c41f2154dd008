import { cast, type Tensor, tidy, Variable } from '@tensorflow/tfjs-core';
import { UniecsError } from './errors.js';

/** The named variables and submodules of a module; a list becomes `name.0`, `name.1`, … */
export interface ParameterTree {
  readonly [name: string]: Variable | Module | readonly Module[];
}

/** A part of a model: a tree of named variables. Names follow PyTorch's dotted form, so state dicts map one to one. */
export interface Module {
  readonly tree: ParameterTree;
}

/** Tensors by dotted name. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** What `loadStateDict` found; all three empty means an exact fit. */
export interface LoadReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly { readonly name: string; readonly expected: number[]; readonly got: number[] }[];
}

/**
 * All variables of a module by dotted name, in the order of the tree (`layers.0.mlp.fc1.bias`). A variable that two parts
 * share stands under both names.
 *
 * @throws UniecsError `argument` when two variables come to the same name
 */
export function namedParameters(module: Module): Map<string, Variable> {
  const found = new Map<string, Variable>();
  const add = (name: string, value: Variable) => {
    if (found.has(name)) {
      throw new UniecsError({
        code: 'argument',
        where: 'namedParameters',
        expected: 'one variable per name',
        got: `two named '${name}'`,
        hint: 'name the parts of the tree without dots',
        details: { name },
      });
    }
    found.set(name, value);
  };
  const visit = (node: Module, prefix: string) => {
    for (const [name, value] of Object.entries(node.tree)) {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      if (value instanceof Variable) add(path, value);
      else if (Array.isArray(value)) {
        value.forEach((child: Module, index) => {
          visit(child, `${path}.${index}`);
        });
      } else visit(value as Module, path);
    }
  };
  visit(module, '');
  return found;
}

/** All variables of a module, in the order of `namedParameters`; a shared variable once. */
export function parameters(module: Module): Variable[] {
  return [...new Set(namedParameters(module).values())];
}

/** The module's variables as a state dict: the live variables, not copies. */
export function stateDict(module: Module): Map<string, Variable> {
  return namedParameters(module);
}

/**
 * Copies the tensors of a state dict into a module's variables, cast to their dtype.
 *
 * @param options.strict (default true) any missing, unexpected or misshapen name throws before a variable is touched;
 *   false loads what fits and reports the rest
 * @throws UniecsError `data` with the report in `details` when strict and not an exact fit
 */
export function loadStateDict(module: Module, dict: StateDict, options: { strict?: boolean } = {}): LoadReport {
  const own = namedParameters(module);
  const missing = [...own.keys()].filter((name) => !dict.has(name));
  const unexpected = [...dict.keys()].filter((name) => !own.has(name));
  const misshapen: LoadReport['misshapen'][number][] = [];
  const fitting: [Variable, Tensor][] = [];
  for (const [name, variable] of own) {
    const tensor = dict.get(name);
    if (!tensor) continue;
    if (String(tensor.shape) === String(variable.shape)) fitting.push([variable, tensor]);
    else misshapen.push({ name, expected: [...variable.shape], got: [...tensor.shape] });
  }
  const report = { missing, unexpected, misshapen };
  if ((options.strict ?? true) && missing.length + unexpected.length + misshapen.length > 0) {
    const shapes = misshapen.map(({ name, expected, got }) => `${name} [${got}] instead of [${expected}]`);
    const parts = [
      missing.length > 0 ? `missing ${listSome(missing)}` : '',
      unexpected.length > 0 ? `unexpected ${listSome(unexpected)}` : '',
      shapes.length > 0 ? `misshapen ${listSome(shapes)}` : '',
    ];
    throw new UniecsError({
      code: 'data',
      where: 'loadStateDict',
      expected: `the module's ${own.size} names and shapes`,
      got: parts.filter((part) => part !== '').join('; '),
      hint: 'load a state dict of the same model and size, or pass strict: false to load what fits',
      details: report,
    });
  }
  // cast returns a tensor of its own even for the same dtype; assign keeps its data.
  for (const [variable, tensor] of fitting) tidy(() => variable.assign(cast(tensor, variable.dtype)));
  return report;
}

/** Frees all variables of a module. */
export function disposeModule(module: Module): void {
  for (const variable of parameters(module)) variable.dispose();
}

function listSome(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
