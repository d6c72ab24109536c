// Mutation proof: this backend with one thing bent, and the conformance case that must find it.

import { add, engine, mul, scalar } from '@tensorflow/tfjs-core';
import { backendCases, runCases } from '@unnoise/conformance';
import type { Backend, DType, Handle, Kernel, TypedArray } from '@unnoise/core';
import { afterEach, expect, test, vi } from 'vitest';

import type { TfjsBackend } from '../src/index.ts';
import { tfjsOn } from './runtimes.ts';

afterEach(() => vi.restoreAllMocks());

type Bend = (honest: TfjsBackend) => Partial<Backend>;

interface Fault {
  readonly fault: string;
  readonly caughtBy: string;
  readonly bend: Bend;
}

type Run = (
  kernel: Kernel,
  inputs: readonly Handle[],
  params: Float64Array,
  sizes: readonly number[],
) => readonly Handle[];

const running =
  (run: (honest: TfjsBackend) => Run): Bend =>
  (honest) => ({ run: run(honest) });

/** Replaces each float32 result by what `change` makes of it. */
const changing = (change: (honest: TfjsBackend, result: Handle) => Handle): Bend =>
  running((honest) => (kernel, inputs, params, sizes) => {
    const results = honest.run(kernel, inputs, params, sizes);
    return results.map((result, i) => (kernel.outputs[i]!.dtype === 'float32' ? change(honest, result) : result));
  });

const FAULTS: readonly Fault[] = [
  {
    fault: 'coefficients are given in the wrong order',
    caughtBy: 'backend/map/linear:dtype=float32;n=3;layout=odd',
    bend: running(
      (honest) => (kernel, inputs, params, sizes) => honest.run(kernel, inputs, params.toReversed(), sizes),
    ),
  },
  {
    fault: 'results come from half precision, as of a texture of 16-bit floats',
    caughtBy: 'backend/map/linear:dtype=float32;n=2;layout=contiguous',
    bend: changing((honest, result) => {
      const big = mul(honest.native(result), scalar(4097));
      const rounded = add(big, mul(add(big, mul(honest.native(result), scalar(-1))), scalar(-1)));
      honest.release(result);
      const handle = honest.adopt(rounded, 'float32')!;
      for (const one of [big, rounded]) one.dispose();
      return handle;
    }),
  },
  {
    fault: 'NaN is taken for 0',
    caughtBy: 'backend/map/clamp:dtype=float32;values=special',
    bend: (honest) => ({
      download: async (handle) => {
        const values = await honest.download(handle);
        return values instanceof Float32Array ? values.map((x) => (Number.isNaN(x) ? 0 : x)) : values;
      },
    }),
  },
  {
    fault: 'a broadcast row is read as if it were a whole tensor',
    caughtBy: 'backend/map/linear:dtype=float32;n=2;layout=broadcast-row',
    bend: running((honest) => (kernel, inputs, params, sizes) => {
      const flat = kernel.inputs.map((input) => ({ ...input, dims: input.dims.map(() => true) }));
      return honest.run({ ...kernel, key: `flat ${kernel.key}`, inputs: flat }, inputs, params, sizes);
    }),
  },
  {
    fault: 'released tensors stay in the heap',
    caughtBy: 'backend/buffer/reuse',
    bend: () => ({ release: () => {} }),
  },
  {
    fault: 'an uploaded array is kept instead of copied',
    caughtBy: 'backend/buffer/upload-copies:dtype=float32',
    bend: (honest) => {
      const kept = new Map<Handle, TypedArray>();
      return {
        upload: (data: TypedArray, dtype: DType) => {
          const handle = honest.upload(data, dtype);
          kept.set(handle, data);
          return handle;
        },
        download: async (handle) => kept.get(handle) ?? honest.download(handle),
      };
    },
  },
  {
    fault: 'a kernel is compiled for every coefficient',
    caughtBy: 'backend/kernel/coefficients',
    bend: running(
      (honest) => (kernel, inputs, params, sizes) =>
        honest.run({ ...kernel, key: `${kernel.key} ${params.join()}` }, inputs, params, sizes),
    ),
  },
  {
    fault: 'float16 is taken for float32',
    caughtBy: 'backend/map/linear:dtype=float16;n=1;layout=odd',
    bend: (honest) => ({
      upload: (data) => honest.upload(Float32Array.from(data), 'float32'),
      run: (kernel, inputs, params, sizes) =>
        honest.run(JSON.parse(JSON.stringify(kernel).replaceAll('float16', 'float32')), inputs, params, sizes),
    }),
  },
];

const outcome = async (backend: Backend, id: string) =>
  (await runCases(backendCases(), backend, { query: id })).results[0]!;

/** The honest backend with some methods replaced. */
function bent(honest: TfjsBackend, bend: Bend): Backend {
  const methods = bend(honest);
  return new Proxy<Backend>(honest, {
    get(target, key) {
      const replaced: unknown = Reflect.get(methods, key);
      if (replaced) return replaced;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test.each(FAULTS)('it is found out when $fault', async ({ caughtBy, bend }) => {
  const honest = await tfjsOn('wasm');
  expect((await outcome(honest, caughtBy)).outcome, 'without the fault').not.toBe('fail');
  const { outcome: found, message } = await outcome(bent(await tfjsOn('wasm'), bend), caughtBy);
  expect(found, message).toBe('fail');
});

/** Faults of TensorFlow.js itself that this backend works around: with the naive operation, the case fails. */
test('it is found out when maximum of the wasm backend loses a NaN', async () => {
  const plain = await tfjsOn('wasm', { fused: false });
  const id = 'backend/map/max:dtype=float32;values=special';
  expect((await outcome(plain, id)).outcome).toBe('pass');
  const real = engine().runKernel.bind(engine());
  vi.spyOn(engine(), 'runKernel').mockImplementation((name, inputs, attrs) => {
    const { x } = inputs;
    return name === 'IsNan' ? real('Less', { a: x!, b: x! }) : real(name, inputs, attrs); // less than itself: false, also for NaN
  });
  expect((await outcome(plain, id)).outcome).toBe('fail');
});
