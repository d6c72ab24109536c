import { isDiffusionError, type Kernel } from '@unnoise/core';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { createCpuBackend } from '../src/index.ts';
import { lincomb } from './kernels.ts';

const ones = (length: number): Float32Array => new Float32Array(length).fill(1);
const thrownBy = (action: () => unknown): unknown => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the memory of the backend', () => {
  test('growth keeps the data, also of results that were made before it', () => {
    const cpu = createCpuBackend();
    const room = cpu.allocate(1000);
    room.array.fill(2);
    const before = room.array;
    const x = cpu.adopt(room, 'float32')!;
    const [y] = cpu.run(lincomb(1), [x], Float64Array.of(3), [1000]);
    const { arenaCapacity } = cpu.stats();
    const large = cpu.allocate(4 << 20);
    expect(cpu.stats().arenaCapacity).toBeGreaterThan(arenaCapacity);
    expect(before.length).toBe(0); // the old view is detached, which is why `array` is a getter
    expect(room.array).toEqual(ones(1000).fill(2));
    expect(cpu.download(y!)).toEqual(ones(1000).fill(6));
    const [z] = cpu.run(lincomb(2), [x, y!], Float64Array.of(1, 1), [1000]);
    expect(cpu.native(z!)).toEqual(ones(1000).fill(8));
    large.free();
  });

  test('results live where all their inputs live', () => {
    const cpu = createCpuBackend();
    const room = cpu.allocate(64);
    const inside = cpu.adopt(room, 'float32')!;
    const outside = cpu.adopt(ones(64), 'float32')!;
    const used = cpu.stats().arenaUsed;
    cpu.run(lincomb(2), [inside, outside], Float64Array.of(1, 1), [64]);
    const working = cpu.stats().arenaUsed - used; // frame and stage, claimed by the first kernel
    cpu.run(lincomb(2), [inside, outside], Float64Array.of(1, 1), [64]);
    expect(cpu.stats().arenaUsed).toBe(used + working);
    cpu.run(lincomb(2), [inside, inside], Float64Array.of(1, 1), [64]);
    expect(cpu.stats().arenaUsed).toBe(used + working + 64 * 4);
  });

  test('a thousand runs leave no live handle and no larger memory', () => {
    const cpu = createCpuBackend();
    const rooms = [cpu.allocate(5000), cpu.allocate(5000)];
    const step = () => {
      const inputs = [...rooms, ones(5000)].map((native) => cpu.adopt(native, 'float32')!);
      const inside = cpu.run(lincomb(2), inputs.slice(0, 2), Float64Array.of(1, 2), [5000]);
      const mixed = cpu.run(lincomb(3), [...inputs.slice(0, 2), inputs[2]!], Float64Array.of(1, 2, 3), [5000]);
      for (const handle of [...inputs, ...inside, ...mixed]) cpu.release(handle);
    };
    step();
    const before = cpu.stats();
    for (let i = 0; i < 1000; i++) step();
    expect(cpu.stats()).toEqual({ ...before, dispatches: before.dispatches + 2000 });
    for (const room of rooms) room.free();
    expect(cpu.stats().live).toBe(0);
  });

  test('freed neighbours become one range again', () => {
    const cpu = createCpuBackend();
    const rooms = Array.from({ length: 9 }, () => cpu.allocate(20_000));
    const { arenaCapacity } = cpu.stats();
    for (const i of [4, 0, 8, 2, 6, 1, 7, 5, 3]) rooms[i]!.free();
    cpu.allocate(180_000).free();
    expect(cpu.stats()).toMatchObject({ arenaCapacity, arenaUsed: 0, live: 0 });
  });

  test('new room is zeroed, whatever it held before', () => {
    const cpu = createCpuBackend();
    const room = cpu.allocate(100);
    room.array.fill(5);
    room.free();
    expect(cpu.allocate(100).array).toEqual(new Float32Array(100));
  });

  test('room beyond 4 GiB is OUT_OF_MEMORY', () => {
    const cpu = createCpuBackend();
    expect(
      isDiffusionError(
        thrownBy(() => cpu.allocate(2 ** 30)),
        'OUT_OF_MEMORY',
      ),
    ).toBe(true);
    expect(cpu.stats().live).toBe(0);
  });
});

describe('results in ordinary arrays', () => {
  test('a released result is reused, but never one whose array somebody was given', () => {
    const cpu = createCpuBackend();
    const x = cpu.adopt(ones(256), 'float32')!;
    const run = (c: number) => cpu.run(lincomb(1), [x], Float64Array.of(c), [256])[0]!;
    const first = run(2);
    const kept = cpu.native(first);
    cpu.release(first);
    const second = run(3);
    const copy = cpu.download(second);
    expect(cpu.native(second)).not.toBe(copy);
    expect(kept).toEqual(ones(256).fill(2));
    const third = run(4);
    cpu.release(third);
    expect(cpu.stats().pooled).toBe(1024);
    expect(cpu.download(run(5))).toEqual(ones(256).fill(5));
    expect(cpu.stats().pooled).toBe(0);
  });

  test('an adopted array is the handle itself: not copied, not pooled', () => {
    const cpu = createCpuBackend();
    const array = ones(32);
    const handle = cpu.adopt(array, 'float32')!;
    expect(cpu.native(handle)).toBe(array);
    expect(cpu.download(handle)).toBe(array);
    cpu.release(handle);
    expect(cpu.stats().pooled).toBe(0);
  });

  test('uploaded data is a copy, and float64 is rounded', () => {
    const cpu = createCpuBackend();
    const array = Float64Array.of(0.1, 2);
    const handle = cpu.upload(array, 'float32');
    array.fill(9);
    expect(cpu.download(handle)).toEqual(Float32Array.of(0.1, 2));
  });

  test('only arrays of the right kind are adopted', () => {
    const cpu = createCpuBackend();
    expect(cpu.adopt(new Float64Array(3), 'float32')).toBeUndefined();
    expect(cpu.adopt(new Float32Array(3), 'float16')).toBeUndefined();
    expect(cpu.adopt([1, 2, 3], 'float32')).toBeUndefined();
    expect(cpu.adopt(cpu.allocate(3), 'int32')).toBeUndefined();
    for (const [native, dtype] of [
      [new Int32Array(3), 'int32'],
      [new Uint16Array(3), 'float16'],
      [new Uint8Array(3), 'bool'],
    ] as const) {
      expect(cpu.native(cpu.adopt(native, dtype)!)).toBe(native);
    }
    expect(
      isDiffusionError(
        thrownBy(() => cpu.upload(new Int32Array(3), 'float32')),
        'DTYPE_UNSUPPORTED',
      ),
    ).toBe(true);
  });
});

describe('misuse is an error, not a wrong number', () => {
  const cpu = createCpuBackend();
  const sum: Kernel = { ...lincomb(1), key: 'sum', kind: 'reduce', reduce: 'sum', ops: [] };
  const run = (...natives: object[]) => cpu.run(lincomb(1), natives, Float64Array.of(1), [16]);

  test('a released handle is DISPOSED', () => {
    const handle = cpu.adopt(ones(16), 'float32')!;
    cpu.release(handle);
    expect(
      isDiffusionError(
        thrownBy(() => run(handle)),
        'DISPOSED',
      ),
    ).toBe(true);
    expect(
      isDiffusionError(
        thrownBy(() => cpu.release(handle)),
        'DISPOSED',
      ),
    ).toBe(true);
  });

  test('a handle of another backend is BACKEND_MISMATCH', () => {
    expect(
      isDiffusionError(
        thrownBy(() => run({})),
        'BACKEND_MISMATCH',
      ),
    ).toBe(true);
    const other = createCpuBackend().adopt(ones(16), 'float32')!;
    expect(
      isDiffusionError(
        thrownBy(() => run(other)),
        'BACKEND_MISMATCH',
      ),
    ).toBe(true);
  });

  test('an array that was transferred away or is too short is SHAPE_MISMATCH', () => {
    const array = ones(16);
    const handle = cpu.adopt(array, 'float32')!;
    structuredClone(array.buffer, { transfer: [array.buffer] });
    const reduced = () => cpu.run(sum, [handle], new Float64Array(), [1, 16, 1]);
    const short = () => run(cpu.adopt(ones(15), 'float32')!);
    for (const misuse of [() => run(handle), reduced, short]) {
      expect(isDiffusionError(thrownBy(misuse), 'SHAPE_MISMATCH')).toBe(true);
    }
  });
});

describe('kernels are compiled once per structure', () => {
  afterEach(() => vi.restoreAllMocks());

  test('fifty coefficients and three sizes need one compilation', () => {
    const cpu = createCpuBackend();
    const modules = vi.spyOn(WebAssembly, 'Module');
    for (let i = 0; i < 50; i++) {
      const n = [7, 64, 4097][i % 3]!;
      const [y] = cpu.run({ ...lincomb(1) }, [cpu.adopt(ones(n), 'float32')!], Float64Array.of(i), [n]);
      expect(cpu.native(y!)).toEqual(ones(n).fill(i));
    }
    expect(cpu.stats()).toMatchObject({ compiles: 1, dispatches: 50 });
    expect(modules).toHaveBeenCalledTimes(1);
  });

  test('where a content security policy forbids compilation the interpreter gives the same result', () => {
    vi.spyOn(WebAssembly, 'Module').mockImplementation(function () {
      throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
    });
    const cpu = createCpuBackend();
    const run = () => cpu.run(lincomb(1), [cpu.adopt(ones(8), 'float32')!], Float64Array.of(0.1), [8])[0]!;
    expect(cpu.native(run())).toEqual(ones(8).fill(0.1));
    expect(cpu.native(run())).toEqual(ones(8).fill(0.1));
    expect(WebAssembly.Module).toHaveBeenCalledTimes(1);
  });
});
