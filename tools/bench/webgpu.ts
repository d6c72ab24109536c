// A step on WebGPU in Node: what it costs the host until the GPU has its commands, and how much work that is for the GPU. The GPU's own
// time is not compared: where only a software driver is found, it would say nothing.

import { createWebGpuBackend, type WebGpuBackend } from '@unnoise/backend-webgpu';
import { eager } from '@unnoise/conformance';
import { type Backend, realize, type SchedulerMixin, tensor } from '@unnoise/core';
import { create } from 'webgpu';

import { summary, type Timing } from './measure.ts';
import { SCHEDULERS } from './steps.ts';

export interface WebGpuLoop {
  readonly host: Timing;
  readonly dispatches: number;
  readonly compiles: number;
  readonly readbacks: number;
}

export interface WebGpuRow {
  readonly name: string;
  readonly fused: WebGpuLoop;
  /** One operation for each dispatch: what a library without fusion records. */
  readonly eager: WebGpuLoop;
}

const SHAPE = [1, 4, 64, 64];
const STEPS = 50;
const RUNS = 6;

/** Or the reason why there are none. */
export async function benchWebGpu(): Promise<readonly WebGpuRow[] | string> {
  const gpu = create([]);
  if (!(await gpu.requestAdapter())) return 'there is no WebGPU adapter';
  const rows: WebGpuRow[] = [];
  for (const [name, make] of Object.entries(SCHEDULERS)) {
    const fused = await measured(make(), await createWebGpuBackend({ gpu }), (backend) => backend);
    rows.push({ name, fused, eager: await measured(make(), await createWebGpuBackend({ gpu }), eager) });
  }
  return rows;
}

/** The first run compiles and is not timed. */
async function measured(
  scheduler: SchedulerMixin,
  gpu: WebGpuBackend,
  wrap: (backend: Backend) => Backend,
): Promise<WebGpuLoop> {
  const backend = wrap(gpu);
  await loop(scheduler, backend, gpu, []);
  const times: number[] = [];
  let dispatches = 0;
  for (let run = 0; run < RUNS; run++) dispatches += await loop(scheduler, backend, gpu, times);
  const { compiles, readbacks } = gpu.stats();
  gpu.destroy();
  return { host: summary(times), dispatches: dispatches / times.length, compiles, readbacks };
}

/** Times the steps alone, and gives their dispatches. The GPU is idle when it begins, so that a software driver does not take the host's core from it. */
async function loop(scheduler: SchedulerMixin, backend: Backend, gpu: WebGpuBackend, times: number[]): Promise<number> {
  scheduler.setTimesteps(STEPS);
  const wave = (phase: number) =>
    tensor(
      Float32Array.from({ length: 16_384 }, (_, i) => Math.sin(i + phase)),
      SHAPE,
      { backend },
    );
  const [first, out] = [wave(0), wave(1)];
  await realize(first, out);
  let [x, dispatches] = [first, 0];
  for (const t of scheduler.timesteps) {
    (await scheduler.scaleModelInput(x, t)).dispose();
    await gpu.device.queue.onSubmittedWorkDone();
    const before = gpu.stats().dispatches;
    const start = performance.now();
    const { prevSample, predOriginalSample } = await scheduler.step(out, t, x);
    times.push(performance.now() - start);
    dispatches += gpu.stats().dispatches - before;
    for (const old of [x, predOriginalSample]) old?.dispose();
    x = prevSample;
  }
  for (const one of [x, out]) one.dispose();
  return dispatches;
}
