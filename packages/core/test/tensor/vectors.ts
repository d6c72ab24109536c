// What the tests of tensors share: short vectors, how many buffers are alive, and an error's code.
import { expect } from 'vitest';
import type { Backend } from '../../src/backend.ts';
import { type Tensor, tensor } from '../../src/tensor/index.ts';

export const live = (backend: Backend): number => backend.stats!().live;
export const vector = (backend: Backend, ...data: number[]): Tensor => tensor(data, [data.length], { backend });
export const code = (expected: string): unknown => expect.objectContaining({ code: expected });
