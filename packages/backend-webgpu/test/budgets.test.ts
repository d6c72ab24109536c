// What a run costs the GPU: one dispatch for each call of step, a pipeline for each structure of it, and nothing read back.

import { realize, type SchedulerMixin, tensor, torchGenerator } from '@unnoise/core';
import { expect, it } from 'vitest';

import { SCHEDULERS } from '../../../conformance/test/subjects.ts';
import type { WebGpuBackend, WebGpuStats } from '../src/index.ts';
import { backendInNode, describeOnDriver } from './gpu.ts';

/**
 * Kernels that 50 steps need. Methods with a history have another one until it is full: two for the second order, one for each order up to
 * the fourth; the last step of an ancestral method adds no noise.
 */
const PIPELINES: Readonly<Record<string, number>> = {
  DDIMScheduler: 1,
  DDIMInverseScheduler: 1,
  DDPMScheduler: 2,
  DEISMultistepScheduler: 2,
  DPMSolverMultistepScheduler: 2,
  DPMSolverMultistepInverseScheduler: 2,
  DPMSolverSinglestepScheduler: 2,
  EulerAncestralDiscreteScheduler: 1,
  EulerDiscreteScheduler: 1,
  FlowMatchEulerDiscreteScheduler: 1,
  HeunDiscreteScheduler: 2,
  IPNDMScheduler: 4,
  KDPM2AncestralDiscreteScheduler: 2,
  KDPM2DiscreteScheduler: 2,
  LCMScheduler: 2,
  LMSDiscreteScheduler: 4,
  PNDMScheduler: 4,
  TCDScheduler: 2,
  UniPCMultistepScheduler: 3,
};

const SHAPE = [1, 4, 16, 16];
const wave = (phase: number): Float32Array => Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i + phase));

/** The steps of a run on device tensors, without the model. Stats at its end; allocations from the fifth step on. */
async function sample(
  scheduler: SchedulerMixin,
  backend: WebGpuBackend,
): Promise<WebGpuStats & { late: number; calls: number }> {
  const [first, out] = [tensor(wave(0), SHAPE, { backend }), tensor(wave(1), SHAPE, { backend })];
  await realize(first, out);
  const options = scheduler.class.stepOptions.includes('generator') ? { generator: torchGenerator(0) } : {};
  const calls = scheduler.timesteps.length;
  let [x, settled] = [first, 0];
  for (const [i, t] of scheduler.timesteps.entries()) {
    const { prevSample, predOriginalSample } = await scheduler.step(out, t, x, options);
    for (const old of [x, predOriginalSample]) old?.dispose();
    x = prevSample;
    if (i === 5) settled = backend.stats().allocations;
  }
  for (const one of [x, out]) one.dispose();
  scheduler.dispose();
  return { ...backend.stats(), late: backend.stats().allocations - settled, calls };
}

const found = SCHEDULERS.filter(({ className }) => className in PIPELINES).map((scheduler) => ({
  scheduler,
  name: scheduler.className,
}));

describeOnDriver('50 steps of', () => {
  it.each(found)('$name', async ({ scheduler: Scheduler, name }) => {
    const backend = await backendInNode();
    const scheduler = new Scheduler({}, { backend });
    scheduler.setTimesteps(50);
    const { compiles, dispatches, readbacks, live, late, calls } = await sample(scheduler, backend);
    backend.destroy();
    expect({ compiles, dispatches, readbacks, live, late }).toEqual({
      compiles: PIPELINES[name],
      dispatches: calls,
      readbacks: 0,
      live: 0,
      late: 0,
    });
  });
});

it('every scheduler of the table was found', () => {
  expect(found).toHaveLength(Object.keys(PIPELINES).length);
});
