// What tensors of several backends, of none and of disposed buffers do.
import { describe, expect, it } from 'vitest';
import { DiffusionError } from '../../src/errors.ts';
import { createReferenceBackend } from '../../src/reference/index.ts';
import {
  defaultBackend,
  realize,
  realizeStep,
  resolveDefaultBackend,
  setDefaultBackend,
  tensor,
} from '../../src/tensor/index.ts';
import { code, live, vector } from './vectors.ts';

describe('errors', () => {
  it('name use after dispose', async () => {
    const backend = createReferenceBackend();
    const x = vector(backend, 1, 2);
    const y = x.add(1);
    const view = x.reshape([2, 1]);
    x.dispose();
    expect(() => x.add(1)).toThrow(code('DISPOSED'));
    await expect(x.data()).rejects.toEqual(code('DISPOSED'));
    await expect(y.realize()).rejects.toEqual(code('DISPOSED'));
    await expect(view.realize()).rejects.toEqual(code('DISPOSED'));
    expect(x.shape).toEqual([2]);
    expect(x.disposed).toBe(true);
  });

  it('name two backends in one expression or one realisation', async () => {
    const [a, b] = [createReferenceBackend(), createReferenceBackend()];
    const [x, y] = [vector(a, 1), vector(b, 2)];
    expect(() => x.add(y)).toThrow(code('BACKEND_MISMATCH'));
    await expect(realize(x, y)).rejects.toEqual(code('BACKEND_MISMATCH'));
    expect(() => realizeStep([x], { backend: b })).toThrow(code('BACKEND_MISMATCH'));
  });

  it('come from requireFinite for a coefficient that no float32 holds', () => {
    const backend = createReferenceBackend();
    const x = vector(backend, 1);
    const requireFinite = (bad: number) => new DiffusionError('NUMERIC', `bad ${bad}`);
    expect(() => realizeStep([x.mul(1e39)], { requireFinite })).toThrow('bad 1e+39');
    expect(() => realizeStep([x.mul(Infinity).mul(0)], { requireFinite })).toThrow('bad NaN');
    expect(() => realizeStep([x.add(NaN).clamp(0, 1)], { requireFinite })).toThrow('bad NaN');
    expect(realizeStep([x.mul(1e38).clamp(-Infinity, Infinity)], { requireFinite })).toBeUndefined();
    expect(live(backend)).toBe(1);
  });
});

describe('the default backend', () => {
  it('computes host data; another can be set; without one it is the interpreter', async () => {
    const before = defaultBackend();
    const mine = createReferenceBackend();
    try {
      setDefaultBackend(mine);
      const y = tensor([1, 2], [2]).add(1);
      expect(y.backend).toBeUndefined();
      await y.realize();
      expect(y.backend).toBe(mine);
      setDefaultBackend(undefined);
      expect(defaultBackend()).toBeUndefined();
      const found = await resolveDefaultBackend();
      expect(found.name).toBe('reference-float32');
      expect(defaultBackend()).toBe(found);
    } finally {
      setDefaultBackend(before);
    }
  });

  it('is not asked when the expression or the caller names one', async () => {
    const backend = createReferenceBackend();
    const y = tensor([1, 2], [2]).add(1);
    await realizeStep([y], { backend });
    expect(y.backend).toBe(backend);
    expect(tensor([1, 2], [2], { backend }).add(1).backend).toBe(backend);
  });
});
