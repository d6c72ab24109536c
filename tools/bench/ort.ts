// A step on ORT tensors: by the CPU backend's kernels on their memory, by kernels as ONNX graphs, and as the graph that one would
// write oneself, which is what export-step writes, run as it is.

import { createOrtBackend, createOrtGraphBackend, exportStep, fromOrt, toOrt } from '@unnoise/backend-ort';
import type { Backend, SchedulerMixin, Tensor } from '@unnoise/core';
import * as ort from 'onnxruntime-node';

import { summary, type Timing } from './measure.ts';
import { SCHEDULERS } from './steps.ts';

/** Per step; compiles are those of all runs together. */
export interface OrtLoop {
  readonly time: Timing;
  readonly dispatches: number;
  readonly compiles: number;
}

export interface OrtRow {
  readonly name: string;
  readonly kernels: OrtLoop;
  readonly graphs: OrtLoop;
  /** The session's run alone, with every tensor made beforehand. */
  readonly own: Timing;
  /** Own graph over kernels, of minima. */
  readonly speedup: number;
}

const SHAPE = [1, 4, 64, 64];
const STEPS = 50;
const RUNS = 10;
const SESSION = { intraOpNumThreads: 1, logSeverityLevel: 3 };

const wave = (): ort.Tensor =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: 16_384 }, (_, i) => Math.sin(i)),
    SHAPE,
  );

export async function benchOrt(): Promise<OrtRow[]> {
  const rows: OrtRow[] = [];
  for (const [name, make] of Object.entries(SCHEDULERS)) rows.push(await benchScheduler(name, make));
  return rows;
}

/** In alternating runs; the first two of each are not timed. */
async function benchScheduler(name: string, make: () => SchedulerMixin): Promise<OrtRow> {
  const subjects = [
    new Loop(make(), createOrtBackend(ort)),
    new Loop(make(), createOrtGraphBackend(ort, { session: SESSION })),
  ];
  const own = await ownGraph(make());
  const ownTimes: number[] = [];
  for (let run = -2; run < RUNS; run++) {
    for (const subject of subjects) await subject.run(run >= 0);
    await own(run >= 0 ? ownTimes : []);
  }
  const [kernels, graphs] = subjects.map((subject) => subject.result());
  const time = summary(ownTimes);
  return { name, kernels: kernels!, graphs: graphs!, own: time, speedup: time.min / kernels!.time.min };
}

class Loop {
  readonly #scheduler: SchedulerMixin;
  readonly #backend: Backend;
  readonly #times: number[] = [];
  #dispatches = 0;

  constructor(scheduler: SchedulerMixin, backend: Backend) {
    this.#scheduler = scheduler;
    this.#backend = backend;
  }

  async run(timed: boolean): Promise<void> {
    const before = this.#backend.stats!().dispatches;
    const native = wave();
    this.#scheduler.setTimesteps(STEPS);
    let x: Tensor = fromOrt(wave(), this.#backend);
    for (const t of this.#scheduler.timesteps) {
      const start = performance.now();
      x = await this.#step(x, t, native);
      if (timed) this.#times.push(performance.now() - start);
    }
    x.dispose();
    if (timed) this.#dispatches += this.#backend.stats!().dispatches - before;
  }

  /** What surrounds one call of a session. */
  async #step(x: Tensor, t: number, native: ort.Tensor): Promise<Tensor> {
    const input = await this.#scheduler.scaleModelInput(x, t);
    await toOrt(input);
    const out = fromOrt(native, this.#backend);
    const { prevSample, predOriginalSample } = await this.#scheduler.step(out, t, x);
    for (const old of [input, out, x, predOriginalSample]) old?.dispose();
    return prevSample;
  }

  result(): OrtLoop {
    const { compiles } = this.#backend.stats!();
    return { time: summary(this.#times), dispatches: this.#dispatches / this.#times.length, compiles };
  }
}

/** Runs the exported graph of every step. */
async function ownGraph(scheduler: SchedulerMixin): Promise<(times: number[]) => Promise<void>> {
  const { graphs, table } = await exportStep(scheduler, STEPS);
  const sessions: ort.InferenceSession[] = [];
  for (const graph of graphs) sessions.push(await ort.InferenceSession.create(graph, SESSION));
  const feeds = table.steps.map(
    ({ coefficients, inputs }): Record<string, ort.Tensor> => ({
      ...Object.fromEntries(Object.keys(inputs).map((name) => [name, wave()])),
      coefficients: new ort.Tensor(Float32Array.from(coefficients)),
    }),
  );
  return async (times) => {
    for (const [i, { graph, outputs }] of table.steps.entries()) {
      const start = performance.now();
      await sessions[graph]!.run(feeds[i]!, [...outputs]);
      times.push(performance.now() - start);
    }
  };
}
