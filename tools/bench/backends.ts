// A step on every backend, fused and the naive way: one kernel or graph of the same backend for each operation of the folded expression.

import { createCpuBackend } from '@unnoise/backend-cpu';
import { createOrtBackend, createOrtGraphBackend } from '@unnoise/backend-ort';
import { createTfjsBackend } from '@unnoise/backend-tfjs';
import { createWebGpuBackend } from '@unnoise/backend-webgpu';
import { eager } from '@unnoise/conformance';
import { type Backend, realize, type SchedulerMixin, type Shape, tensor } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import * as ort from 'onnxruntime-node';
import { create } from 'webgpu';

import { pathMean, QUICK, type Timing } from './measure.ts';
import { SHAPES } from './race.ts';
import { SD } from './subjects.ts';
import { startTfjs } from './tfjs.ts';

/** A step of one way: dispatches and readbacks of each step at most, compilations of all runs together. */
export interface WayRow {
  readonly time: Timing;
  readonly dispatches: number;
  readonly compiles: number;
  readonly readbacks: number;
}

export interface BackendRow {
  readonly backend: string;
  readonly name: string;
  readonly shape: Shape;
  readonly fused: WayRow;
  readonly naive: WayRow;
}

const CONFIG = { ...SD, steps_offset: 1 } as const;
export const SCHEDULERS: Readonly<Record<string, () => SchedulerMixin>> = {
  DDIM: () => new DDIMScheduler({ ...CONFIG, clip_sample: false, set_alpha_to_one: false }),
  'DPM++ 2M': () => new DPMSolverMultistepScheduler(CONFIG),
  Euler: () => new EulerDiscreteScheduler(CONFIG),
};
const STEPS = 20;
const WARM = QUICK ? 1 : 8;
const MOST = 60;
/** Milliseconds for one scheduler at one size on one backend, both ways together. */
const BUDGET = QUICK ? 0 : 250;

interface Kind {
  fused(): Backend | Promise<Backend>;
  naive(): Backend | Promise<Backend>;
}

const SESSION = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;

/** Dawn without a driver records and submits, and nothing runs: what is left is the host's part. */
const gpu = create(['backend=null']);

export const WEBGPU = 'webgpu, host only';
const KINDS: Readonly<Record<string, Kind>> = {
  cpu: { fused: () => createCpuBackend(), naive: () => eager(createCpuBackend()) },
  'ort, kernels': { fused: () => createOrtBackend(ort), naive: () => eager(createOrtBackend(ort)) },
  'ort, graphs': {
    fused: () => createOrtGraphBackend(ort, { session: SESSION }),
    naive: () => eager(createOrtGraphBackend(ort, { session: SESSION })),
  },
  'tfjs-wasm': {
    fused: () => createTfjsBackend(),
    naive: async () => eager(await createTfjsBackend({ fused: false })),
  },
  [WEBGPU]: { fused: () => createWebGpuBackend({ gpu }), naive: async () => eager(await createWebGpuBackend({ gpu })) },
};

export async function benchBackends(): Promise<BackendRow[]> {
  await startTfjs();
  const rows: BackendRow[] = [];
  for (const [backend, { fused, naive }] of Object.entries(KINDS)) {
    for (const [name, make] of Object.entries(SCHEDULERS)) {
      for (const shape of SHAPES) {
        const ways = [new Way(make(), await fused(), shape), new Way(make(), await naive(), shape)] as const;
        await alternate(ways);
        rows.push({ backend, name, shape, fused: ways[0].row(), naive: ways[1].row() });
      }
    }
  }
  return rows;
}

async function alternate(ways: readonly Way[]): Promise<void> {
  for (let run = 0; run < WARM; run++) for (const way of ways) await way.run(false);
  const end = performance.now() + BUDGET;
  for (let run = 0; run < MOST && (run < (QUICK ? 1 : 4) || performance.now() < end); run++) {
    for (const way of ways) await way.run(true);
  }
}

class Way {
  readonly #scheduler: SchedulerMixin;
  readonly #backend: Backend;
  readonly #shape: Shape;
  readonly #data: Float32Array;
  readonly #runs: number[][] = [];
  #dispatches = 0;
  #readbacks = 0;

  constructor(scheduler: SchedulerMixin, backend: Backend, shape: Shape) {
    this.#scheduler = scheduler;
    this.#backend = this.#counted(backend);
    this.#shape = shape;
    this.#data = Float32Array.from({ length: shape.reduce((size, length) => size * length, 1) }, (_, i) => Math.sin(i));
  }

  /** The same backend, whose downloads are counted. */
  #counted(backend: Backend): Backend {
    return new Proxy(backend, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (key === 'download') this.#readbacks++;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  async run(timed: boolean): Promise<void> {
    const scheduler = this.#scheduler;
    const given = () => tensor(this.#data, this.#shape, { backend: this.#backend });
    const [first, out] = [given(), given()];
    await realize(first, out);
    scheduler.setTimesteps(STEPS);
    let x = first;
    const times: number[] = [];
    for (const t of scheduler.timesteps) {
      (await scheduler.scaleModelInput(x, t)).dispose();
      const before = this.#backend.stats!().dispatches;
      const start = performance.now();
      const { prevSample, predOriginalSample } = await scheduler.step(out, t, x);
      times.push(1000 * (performance.now() - start));
      this.#dispatches = Math.max(this.#dispatches, this.#backend.stats!().dispatches - before);
      for (const old of [x, predOriginalSample]) old?.dispose();
      x = prevSample;
    }
    for (const one of [x, out]) one.dispose();
    if (timed) this.#runs.push(times);
  }

  row(): WayRow {
    const { compiles } = this.#backend.stats!();
    return { time: pathMean(this.#runs), dispatches: this.#dispatches, compiles, readbacks: this.#readbacks };
  }
}
