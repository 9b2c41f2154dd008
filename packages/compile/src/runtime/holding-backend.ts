import * as tf from '@tensorflow/tfjs-core';

interface Held {
  readonly values: tf.backend_util.BackendValues;
  references: number;
}

/** A tfjs backend that holds values and computes nothing: for tracing in a process that imports no other. */
class HoldingBackend extends tf.KernelBackend {
  readonly #held = new Map<object, Held>();

  override write(values: tf.backend_util.BackendValues): object {
    const dataId = {};
    this.#held.set(dataId, { values, references: 1 });
    return dataId;
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    return (this.#held.get(dataId) as Held).values;
  }

  override incRef(dataId: object): void {
    (this.#held.get(dataId) as Held).references++;
  }

  override disposeData(dataId: object, force = false): boolean {
    const held = this.#held.get(dataId);
    if (held && --held.references > 0 && !force) return false;
    this.#held.delete(dataId);
    return true;
  }

  override numDataIds(): number {
    return this.#held.size;
  }
}

const name = 'uniecs-hold';

/** Makes a backend active that holds variables and can only copy them. */
export function startHoldingBackend(): void {
  const backend = new HoldingBackend();
  tf.registerBackend(name, () => backend);
  tf.registerKernel({
    kernelName: tf.Identity,
    backendName: name,
    kernelFunc: ({ inputs }) => {
      const { dataId, shape, dtype } = inputs.x as tf.TensorInfo;
      backend.incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
  void tf.setBackend(name);
}
