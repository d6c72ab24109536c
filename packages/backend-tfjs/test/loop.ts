// A sampling loop as a program with a tfjs model writes it, and what it may leave behind; for Node and browsers.

import { memory, mul, tidy } from '@tensorflow/tfjs-core';
import { isDiffusionError, type SchedulerMixin, tensor } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { expect } from 'vitest';

import { fromTf, type TfjsBackend, toTf } from '../src/index.ts';

export const SHAPE = [1, 2, 4, 3];
export const wave = (phase = 0): Float32Array => Float32Array.from({ length: 24 }, (_, i) => Math.sin(i + phase));

/** The code of the DiffusionError that `action` throws; another error as text; undefined if it throws none. */
export async function codeOf(action: () => unknown): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return isDiffusionError(error) ? error.code : String(error);
  }
}

type Make = (backend: TfjsBackend) => SchedulerMixin;

export const SAMPLERS: readonly (readonly [name: string, make: Make])[] = [
  ['DDIM', (backend) => new DDIMScheduler({}, { backend })],
  ['Euler', (backend) => new EulerDiscreteScheduler({}, { backend })],
  ['DPM++ 2M', (backend) => new DPMSolverMultistepScheduler({}, { backend })],
];

/** tf tensors on both sides, each side disposing of its own; gives the number of tensors after each step. */
async function sample(scheduler: SchedulerMixin, backend: TfjsBackend): Promise<number[]> {
  const held: number[] = [];
  let x = tensor(wave(), SHAPE, { backend });
  await x.realize();
  for (const t of scheduler.timesteps) {
    const scaled = await scheduler.scaleModelInput(x, t);
    const input = toTf(scaled);
    const output = tidy(() => mul(input, 0.1));
    const out = fromTf(output, backend);
    const { prevSample, predOriginalSample } = await scheduler.step(out, t, x);
    for (const one of [input, output, out, scaled, x, predOriginalSample]) one?.dispose();
    x = prevSample;
    held.push(memory().numTensors);
  }
  x.dispose();
  return held;
}

/** 50 steps: TensorFlow.js has as many tensors as before, no step held more than the others, and every kernel was fused. */
export async function expectNoLeak(backend: TfjsBackend, make: Make): Promise<void> {
  const { numTensors, numDataBuffers } = memory();
  const scheduler = make(backend);
  scheduler.setTimesteps(50);
  const held = await sample(scheduler, backend);
  scheduler.dispose();
  expect(memory()).toMatchObject({ numTensors, numDataBuffers });
  expect(new Set(held.slice(2)).size).toBe(1);
  const { fused, dispatches, live } = backend.stats();
  expect({ fused, live }).toEqual({ fused: dispatches, live: 0 });
  expect(dispatches).toBeGreaterThanOrEqual(50);
}
