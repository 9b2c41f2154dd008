import { clone, dispose, engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';

/** The variables of tfjs as they were before a trace. */
export interface VariableGuard {
  /** Throws where the function assigned a variable that is not declared, or made one. */
  check(where: string): void;
  /** Gives every variable its value back and frees those that the function made. */
  restore(): void;
}

/** Remembers all variables, of which a function may assign only those of its state. */
export function guardVariables(state: readonly Variable[]): VariableGuard {
  const registered = () => Object.values(engine().registeredVariables);
  const declared = new Set(state);
  const before = registered().map((variable) => ({
    variable,
    dataId: variable.dataId,
    value: clone(variable as Tensor),
  }));
  const known = new Set(before.map(({ variable }) => variable));
  const made = () => registered().filter((variable) => !known.has(variable));
  const assigned = () => before.filter(({ variable, dataId }) => !declared.has(variable) && variable.dataId !== dataId);

  function check(where: string): void {
    const [[stray], [fresh]] = [assigned(), made()];
    if (!stray && !fresh) return;
    const { name, shape } = stray?.variable ?? (fresh as Variable);
    throw new UniecsError({
      code: 'argument',
      where,
      expected: stray ? 'assignments only to declared state' : 'a function that makes no variables',
      got: `${stray ? 'an assignment to' : 'a new'} variable '${name}' of shape [${shape.join(', ')}]`,
      hint: stray
        ? 'name the variable, or the module that holds it, in the option state'
        : "make variables (an optimizer's moments too) before compiling and name them in the option state",
    });
  }

  function restore(): void {
    for (const variable of made()) variable.dispose();
    for (const { variable, dataId, value } of before) {
      if (variable.dataId !== dataId && !variable.isDisposed) variable.assign(value);
    }
    dispose(before.map(({ value }) => value));
  }
  return { check, restore };
}
