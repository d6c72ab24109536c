// Buffers: whose they are, what is copied, and what serves again.

import { adopt, floatToHalf, isDiffusionError, nativeOf, realize, tensor } from '@unnoise/core';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

import { createWebGpuBackend, type WebGpuBackend } from '../src/index.ts';
import { sizeClass } from '../src/pool.ts';
import { describeOnDriver, deviceInNode, hasAdapter } from './gpu.ts';

const USAGE = { STORAGE: 0x80, COPY_SRC: 4, COPY_DST: 8 } as const;
const ALL = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
const wave = (length: number): Float32Array<ArrayBuffer> => Float32Array.from({ length }, (_, i) => Math.sin(i));

const device = hasAdapter ? await deviceInNode() : undefined;
const backend: WebGpuBackend | undefined = device && (await createWebGpuBackend({ device }));

/** A buffer of a model runtime's, with this content. */
function bufferOf(
  data: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>,
  size = data.byteLength,
  offset = 0,
  usage = ALL,
): GPUBuffer {
  const buffer = device!.createBuffer({ size, usage });
  device!.queue.writeBuffer(buffer, offset, data);
  return buffer;
}

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return isDiffusionError(error) ? error.code : String(error);
  }
};

describeOnDriver('an adopted buffer', () => {
  it('is read where it is: what its owner writes later is seen', async () => {
    const buffer = bufferOf(wave(64));
    const x = adopt(buffer, [64], 'float32', backend!);
    device!.queue.writeBuffer(buffer, 0, new Float32Array(64).fill(3));
    expect(await x.mul(2).data()).toEqual(new Float32Array(64).fill(6));
    expect(nativeOf(x)).toBe(buffer);
    x.dispose();
    device!.queue.writeBuffer(buffer, 0, wave(64)); // still the owner's
  });

  it.each([1, 2, 3, 5, 63])('may end anywhere: %i elements', async (length) => {
    const x = adopt(bufferOf(wave(length)), [length], 'float32', backend!);
    const doubled = await x.mul(2).data();
    expect(doubled).toEqual(wave(length).map((value) => 2 * value));
    expect(await x.data()).toEqual(wave(length));
  });

  it('may be longer than its tensor, as pools of model runtimes make them', async () => {
    const x = adopt(bufferOf(wave(64)), [13], 'float32', backend!);
    expect(await x.data()).toEqual(wave(13));
    expect(await x.sum(0).data()).toHaveLength(1);
  });

  it('may be a part of one', async () => {
    const buffer = bufferOf(wave(70), 256 + 280, 256);
    const x = adopt({ buffer, offset: 256 }, [70], 'float32', backend!);
    expect(await x.mul(1).add(1).data()).toEqual(wave(70).map((value) => value + 1));
    expect(await x.data()).toEqual(wave(70));
  });

  it('of float16 holds two elements in four bytes', async () => {
    const halves = Uint16Array.from([1, -2, 0.5, 65504, 0.25, 3], floatToHalf);
    const x = adopt(bufferOf(halves), [5], 'float16', backend!);
    expect(await x.data()).toEqual(halves.slice(0, 5));
    expect(await x.cast('float32').data()).toEqual(Float32Array.of(1, -2, 0.5, 65504, 0.25));
  });

  it('must be one that kernels can read and that can be copied', () => {
    const size = 256;
    expect(backend!.adopt(device!.createBuffer({ size, usage: USAGE.COPY_SRC }), 'float32')).toBeUndefined();
    expect(backend!.adopt(device!.createBuffer({ size, usage: USAGE.STORAGE }), 'float32')).toBeUndefined();
    expect(
      backend!.adopt({ buffer: device!.createBuffer({ size, usage: ALL }), offset: 4 }, 'float32'),
    ).toBeUndefined();
  });

  it('that is too short for its tensor is refused', () => {
    expect(codeOf(() => adopt(bufferOf(wave(8)), [9], 'float32', backend!))).toBe('SHAPE_MISMATCH');
  });
});

describeOnDriver('a buffer', () => {
  it('serves again as soon as its tensor is disposed, and results are not disturbed', async () => {
    const results = Array.from({ length: 30 }, (_, i) => {
      const x = tensor(new Float32Array(5000).fill(i), [5000], { backend: backend! });
      const y = x.mul(2).add(1);
      void y.realize();
      x.dispose();
      return y;
    });
    for (const [i, y] of results.entries()) {
      expect(await y.data()).toEqual(new Float32Array(5000).fill(2 * i + 1));
      y.dispose();
    }
  });

  it('is made anew for no step after the first ones', async () => {
    let x = tensor(wave(4096), [4096], { backend: backend! });
    await x.realize();
    const made: number[] = [];
    for (let i = 0; i < 20; i++) {
      const next = x.mul(0.9).add(0.1);
      await next.realize();
      x.dispose();
      x = next;
      made.push(backend!.stats().allocations);
    }
    x.dispose();
    expect(new Set(made.slice(2)).size).toBe(1);
  });

  it('that was released cannot be used', () => {
    const handle = backend!.upload(wave(4), 'float32');
    backend!.release(handle);
    expect(codeOf(() => backend!.native(handle))).toBe('DISPOSED');
    expect(codeOf(() => backend!.release(handle))).toBe('DISPOSED');
    expect(codeOf(() => backend!.native({}))).toBe('BACKEND_MISMATCH');
  });

  it('is at most a quarter larger than asked for, and whole vectors', () => {
    for (let bytes = 16; bytes < 5000; bytes += 7) {
      const size = sizeClass(bytes);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size % 16).toBe(0);
      expect(size).toBeLessThanOrEqual(Math.max(bytes + 16, 1.25 * bytes));
    }
  });
});

describeOnDriver('more elements than threads', () => {
  it('are all computed: each thread goes on', async () => {
    const length = 4 * 64 * 4096 + 4 * 64 * 5 + 3;
    const x = tensor(wave(length), [length], { backend: backend! });
    const [doubled, part] = [x.mul(2), x.slice(0, 1, length - 1)];
    await realize(doubled, part);
    const [all, rest] = [await doubled.data(), await part.data()];
    expect(all.findIndex((value, i) => value !== 2 * Math.fround(Math.sin(i)))).toBe(-1);
    expect(rest.findIndex((value, i) => value !== Math.fround(Math.sin(i + 1)))).toBe(-1);
    for (const one of [x, doubled, part]) one.dispose();
  }, 120_000);

  it('and more lines than groups are all added up', async () => {
    const lines = 64 * 4096 + 77;
    const x = tensor(wave(2 * lines), [lines, 2], { backend: backend! });
    const sums = await x.sum(1).data();
    const expected = (i: number): number =>
      Math.fround(Math.fround(Math.sin(2 * i)) + Math.fround(Math.sin(2 * i + 1)));
    expect(sums.findIndex((value, i) => value !== expected(i))).toBe(-1);
    x.dispose();
  }, 120_000);
});

describeOnDriver('in Node', () => {
  it('the object that devices depend on outlives garbage collections', () => {
    const program = `
      import { createWebGpuBackend } from '@unnoise/backend-webgpu';
      import { create } from 'webgpu';
      import { tensor } from '@unnoise/core';
      const backend = await createWebGpuBackend({ gpu: create([]) });
      for (let i = 0; i < 20; i++) {
        gc();
        const x = tensor(new Float32Array(64).fill(i), [64], { backend });
        if ((await x.mul(2).data())[63] !== 2 * i) throw new Error('wrong');
        x.dispose();
      }
      console.log('alive');
      backend.destroy();`;
    const flags = [
      '--expose-gc',
      '--conditions=@unnoise/source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program,
    ];
    const { stdout } = spawnSync(process.execPath, flags, {
      cwd: fileURLToPath(new URL('../', import.meta.url)),
      encoding: 'utf8',
    });
    expect(stdout).toBe('alive\n');
  });
});
