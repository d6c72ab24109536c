// Tensors that are taken over from ONNX Runtime: when its memory is let go, and when it is shared.

import { nativeOf } from '@unnoise/core';
import * as ort from 'onnxruntime-node';
import { describe, expect, it, vi } from 'vitest';
import type { OrtTensor } from '../src/index.ts';
import { createOrtBackend, createOrtGraphBackend, takeOrt } from '../src/index.ts';

const quad = (): ort.Tensor => new ort.Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]);

describe('a tensor that was taken over', () => {
  it('is disposed when the last owner of the result lets go', async () => {
    const tensor = quad();
    const dispose = vi.spyOn(tensor, 'dispose');
    const [whole] = await takeOrt(tensor, createOrtGraphBackend(ort));
    const kept = whole!.clone();
    whole!.dispose();
    expect(dispose).not.toHaveBeenCalled();
    expect([...(await kept.data())]).toEqual([1, 2, 3, 4]);
    kept.dispose();
    expect(dispose).toHaveBeenCalledOnce();
  });

  it('comes as parts of its batch in the same memory, on the host', async () => {
    const tensor = quad();
    const parts = await takeOrt(tensor, createOrtBackend(ort), 2);
    expect(parts.map(({ shape }) => shape)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const second = nativeOf(parts[1]!) as OrtTensor;
    expect((second.data as Float32Array).buffer).toBe((tensor.data as Float32Array).buffer);
    expect([...(await parts[1]!.data())]).toEqual([3, 4]);
  });

  it('comes as copies where a backend takes no parts, and is then not needed', async () => {
    const tensor = quad();
    const dispose = vi.spyOn(tensor, 'dispose');
    const backend = createOrtGraphBackend(ort);
    const parts = await takeOrt(tensor, backend, 2);
    expect(dispose).toHaveBeenCalledOnce();
    expect(await Promise.all(parts.map(async (part) => [...(await part.data())]))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const part of parts) part.dispose();
    expect(backend.stats().live).toBe(0);
  });

  it('keeps its type: one that no tensor has is refused', async () => {
    const tensor = new ort.Tensor('int64', BigInt64Array.of(1n), [1]);
    await expect(takeOrt(tensor, createOrtBackend(ort))).rejects.toMatchObject({ code: 'DTYPE_UNSUPPORTED' });
  });
});
