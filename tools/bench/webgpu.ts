// A step on WebGPU in Node, on Dawn without a driver: what the library and Dawn cost the host until the commands are recorded, and how
// much work they are for the GPU. The GPU's own time is not measured: a software driver, on the same cores, would say nothing about it.

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
const RUNS = 40;

export async function benchWebGpu(): Promise<readonly WebGpuRow[]> {
  const gpu = create(['backend=null']);
  const rows: WebGpuRow[] = [];
  for (const [name, make] of Object.entries(SCHEDULERS)) {
    const fused = await measured(make(), await createWebGpuBackend({ gpu }), (backend) => backend);
    rows.push({ name, fused, eager: await measured(make(), await createWebGpuBackend({ gpu }), eager) });
  }
  return rows;
}

/** The first runs compile, for the GPU and in the engine, and are not timed. */
async function measured(
  scheduler: SchedulerMixin,
  gpu: WebGpuBackend,
  wrap: (backend: Backend) => Backend,
): Promise<WebGpuLoop> {
  const backend = wrap(gpu);
  for (let run = 0; run < 10; run++) await loop(scheduler, backend, gpu, []);
  const times: number[] = [];
  let dispatches = 0;
  for (let run = 0; run < RUNS; run++) dispatches += await loop(scheduler, backend, gpu, times);
  const { compiles, readbacks } = gpu.stats();
  gpu.destroy();
  return { host: summary(times), dispatches: dispatches / times.length, compiles, readbacks };
}

/** Times the steps alone, and gives their dispatches. */
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
    const before = gpu.stats().dispatches;
    const start = performance.now();
    const { prevSample, predOriginalSample } = await scheduler.step(out, t, x);
    times.push(performance.now() - start);
    dispatches += gpu.stats().dispatches - before;
    for (const old of [x, predOriginalSample]) old?.dispose();
    x = prevSample;
  }
  for (const one of [x, out]) one.dispose();
  await gpu.device.queue.onSubmittedWorkDone();
  return dispatches;
}
