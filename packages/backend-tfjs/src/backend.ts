// The backend itself: keeps tf tensors behind handles, and runs each kernel fused where there is a way in, else as operations.

import {
  backend as currentBackend,
  getBackend,
  keep,
  type KernelBackend,
  ready,
  tensor1d,
  Tensor as TfTensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { inputLength } from '@unnoise/backend-cpu/kernels';
import {
  type Capabilities,
  DiffusionError,
  type DType,
  type Handle,
  type Kernel,
  type OpName,
  type TypedArray,
} from '@unnoise/core';
import { kernelLength } from '@unnoise/core/reference';

import { DeviceWatch } from './device.ts';
import { checkedDtype, DTYPES, type TfDType } from './dtypes.ts';
import { guarded, translated } from './errors.ts';
import { fastPath } from './fused/index.ts';
import type { FastPath, Launch } from './launch.ts';
import { alongAxis } from './plain/along-axis.ts';
import { elementwise } from './plain/elementwise.ts';
import { shared } from './tensors.ts';
import type { TfjsBackend, TfjsOptions, TfjsStats } from './types.ts';
import { checkedValues, type HostValues } from './values.ts';

const OPS: readonly OpName[] = Object.freeze<OpName[]>([
  ...(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'eq', 'where', 'cast'] as const),
  ...(['sum', 'amax', 'amin', 'argmax', 'concat', 'slice', 'transpose'] as const),
]);

/** Inputs plus outputs of one kernel where it is a list of operations: any number would do. */
const PLAIN_BUFFERS = 32;

/**
 * A backend on the TensorFlow.js backend that is set when this is called: call `tf.setBackend` before. It stays with that one; after
 * another `tf.setBackend` its methods throw BACKEND_MISMATCH until the first is set again. Error: DEPENDENCY_MISSING if there is none.
 */
export async function createTfjsBackend(options: TfjsOptions = {}): Promise<TfjsBackend> {
  await ready().catch((cause: Error) => {
    const message = `TensorFlow.js has no backend (${cause.message}); import one, such as @tensorflow/tfjs-backend-wasm, and set it up`;
    throw new DiffusionError('DEPENDENCY_MISSING', message, {}, cause);
  });
  return new OnTfjs(getBackend(), currentBackend(), options);
}

/** A tf tensor of ours: nobody else disposes of it. */
interface TfBuffer {
  readonly owner: object;
  readonly dtype: DType;
  readonly tensor: TfTensor;
}

interface Compiled {
  readonly launch: Launch;
  readonly fused: boolean;
}

class OnTfjs implements TfjsBackend {
  readonly spec = 1;
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly #tfName: string;
  readonly #tf: KernelBackend;
  readonly #device: DeviceWatch;
  readonly #path: FastPath | undefined;
  readonly #kernels = new Map<string, Compiled>();
  #live = 0;
  #dispatches = 0;
  #fused = 0;

  constructor(tfName: string, tf: KernelBackend, { fused = true }: TfjsOptions) {
    this.name = `tfjs-${tfName}`;
    this.#tfName = tfName;
    this.#tf = tf;
    this.#device = DeviceWatch.of(this.name, tf);
    this.#path = fused ? fastPath(tfName, tf) : undefined;
    const maxBuffers = this.#path?.maxBuffers ?? PLAIN_BUFFERS;
    this.capabilities = Object.freeze<Capabilities>({ dtypes: DTYPES, ops: OPS, maxOps: Infinity, maxBuffers });
  }

  run(kernel: Kernel, handles: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly TfBuffer[] {
    const inputs = handles.map((handle) => this.#buffer(handle).tensor);
    this.#checkUsable();
    inputs.forEach((input, i) => checkLength(input, inputLength(kernel, sizes, i)));
    const { launch, fused } = this.#compiled(kernel);
    const empty = kernelLength(kernel, sizes) === 0;
    const outputs = guarded(this.name, () => (empty ? empties(kernel) : launch(inputs, params, sizes)));
    this.#dispatches++;
    if (fused) this.#fused++;
    return outputs.map((output, i) => this.#keep(output, kernel.outputs[i]!.dtype));
  }

  #compiled(kernel: Kernel): Compiled {
    let compiled = this.#kernels.get(kernel.key);
    if (!compiled) this.#kernels.set(kernel.key, (compiled = this.#compile(kernel)));
    return compiled;
  }

  #compile(kernel: Kernel): Compiled {
    for (const { dtype } of [...kernel.inputs, ...kernel.ops, ...kernel.outputs]) checkedDtype(dtype);
    const plain = asOperations(kernel);
    const fused = this.#path?.compile(kernel, plain);
    return { launch: fused ?? plain, fused: fused !== undefined };
  }

  upload(data: TypedArray, dtype: DType): TfBuffer {
    const type = checkedDtype(dtype);
    this.#checkUsable();
    const values = checkedValues(data, type);
    return this.#keep(
      guarded(this.name, () => this.#path?.upload?.(values, type) ?? copied(values, type)),
      dtype,
    );
  }

  adopt(native: unknown, dtype: DType, length?: number): TfBuffer | undefined {
    if (!(native instanceof TfTensor) || native.isDisposed || native.dtype !== dtype) return undefined;
    checkLength(native, length ?? native.size);
    this.#checkUsable();
    return this.#keep(
      guarded(this.name, () => shared(native)),
      dtype,
    );
  }

  async download(handle: Handle): Promise<TypedArray> {
    const { tensor } = this.#buffer(handle);
    try {
      const values = await tensor.data();
      this.#device.check();
      return values.slice(); // some backends give the very array that the tensor is made of
    } catch (error) {
      throw translated(this.name, error);
    }
  }

  native(handle: Handle): TfTensor {
    return this.#buffer(handle).tensor;
  }

  release(handle: Handle): void {
    this.#buffer(handle).tensor.dispose();
    this.#live--;
  }

  stats(): TfjsStats {
    return { live: this.#live, dispatches: this.#dispatches, compiles: this.#kernels.size, fused: this.#fused };
  }

  /** Out of reach of a tidy that may be under way around us. */
  #keep(tensor: TfTensor, dtype: DType): TfBuffer {
    this.#live++;
    return { owner: this, dtype, tensor: keep(tensor) };
  }

  #buffer(handle: Handle): TfBuffer {
    const buffer = handle as TfBuffer;
    if (buffer.owner !== this) {
      const message = `a buffer of another backend reached ${this.name}; read its data and pass that`;
      throw new DiffusionError('BACKEND_MISMATCH', message);
    }
    if (!buffer.tensor.isDisposed) return buffer;
    const message = `a ${buffer.dtype} buffer of ${buffer.tensor.size} elements was used after its release`;
    throw new DiffusionError('DISPOSED', message, { dtype: buffer.dtype, length: buffer.tensor.size });
  }

  /** On the right TensorFlow.js backend, which still has its device. */
  #checkUsable(): void {
    if (currentBackend() === this.#tf) return this.#device.check();
    const message =
      `TensorFlow.js now computes on '${getBackend()}', and this backend is on '${this.#tfName}'; ` +
      `call tf.setBackend('${this.#tfName}'), or make another backend with createTfjsBackend()`;
    throw new DiffusionError('BACKEND_MISMATCH', message, { backend: this.name, current: getBackend() });
  }
}

function asOperations(kernel: Kernel): Launch {
  const launch = kernel.kind === 'map' ? elementwise(kernel) : alongAxis(kernel);
  return (...given) => tidy(() => launch(...given));
}

/** tf tensors keep the array that they are given. */
const copied = (values: HostValues, dtype: TfDType): TfTensor =>
  tensor1d(values instanceof Float64Array ? Float32Array.from(values) : values.slice(), dtype);

const empties = ({ outputs }: Kernel): TfTensor[] => outputs.map(({ dtype }) => tensor1d([], checkedDtype(dtype)));

/** An adopted tensor may never have fitted the shape it was adopted with. */
function checkLength({ size }: TfTensor, expected: number): void {
  if (size === expected) return;
  const message = `a tf tensor has ${size} elements and its tensor ${expected}; adopt tensors with their own shape, as fromTf does`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { length: size, expected });
}
