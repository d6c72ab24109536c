// A step on ORT tensors: by the CPU backend's kernels on their memory, by kernels as ONNX graphs, and as the graph that one would
// write oneself, which is what export-step writes, run as it is.

import { createOrtBackend, createOrtGraphBackend, exportStep, fromOrt, toOrt } from '@unnoise/backend-ort';
import type { Backend, SchedulerMixin, Shape, Tensor } from '@unnoise/core';
import * as ort from 'onnxruntime-node';

import { SCHEDULERS } from './backends.ts';
import { QUICK, summary, type Timing } from './measure.ts';
import { SHAPES } from './race.ts';

/** Per step. */
export interface OrtLoop {
  readonly time: Timing;
  /** Of it, what the backend computes in `step`; the rest is the loop around it. */
  readonly computing: Timing;
}

export interface OrtRow {
  readonly name: string;
  readonly shape: Shape;
  readonly kernels: OrtLoop;
  readonly graphs: OrtLoop;
  /** The session's run alone, with every tensor made beforehand. */
  readonly own: Timing;
  /** Own graph over what the kernels compute, of minima: both go from ORT tensors to results. */
  readonly speedup: number;
}

const STEPS = 50;
const RUNS = QUICK ? 1 : 10;
const SESSION = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;

function wave(shape: Shape): ort.Tensor {
  const length = shape.reduce((size, one) => size * one, 1);
  return new ort.Tensor(
    'float32',
    Float32Array.from({ length }, (_, i) => Math.sin(i)),
    shape,
  );
}

export async function benchOrt(): Promise<OrtRow[]> {
  const rows: OrtRow[] = [];
  for (const [name, make] of Object.entries(SCHEDULERS)) {
    for (const shape of SHAPES) rows.push(await benchScheduler(name, make, shape));
  }
  return rows;
}

/** In alternating runs; the first two of each are not timed. */
async function benchScheduler(name: string, make: () => SchedulerMixin, shape: Shape): Promise<OrtRow> {
  const subjects = [
    new Loop(make(), createOrtBackend(ort), shape),
    new Loop(make(), createOrtGraphBackend(ort, { session: SESSION }), shape),
  ];
  const own = await ownGraph(make(), shape);
  const ownTimes: number[] = [];
  for (let run = -2; run < RUNS; run++) {
    for (const subject of subjects) await subject.run(run >= 0);
    await own(run >= 0 ? ownTimes : []);
  }
  const [kernels, graphs] = subjects.map((subject) => subject.result());
  const time = summary(ownTimes);
  return { name, shape, kernels: kernels!, graphs: graphs!, own: time, speedup: time.min / kernels!.computing.min };
}

class Loop {
  readonly #scheduler: SchedulerMixin;
  readonly #backend: Backend;
  readonly #times: number[] = [];
  readonly #computing: number[] = [];
  readonly #shape: Shape;
  #spent = 0;

  constructor(scheduler: SchedulerMixin, backend: Backend, shape: Shape) {
    this.#scheduler = scheduler;
    this.#shape = shape;
    this.#backend = this.#watched(backend);
  }

  /** The same backend; `spent` adds up how long it computes. */
  #watched(backend: Backend): Backend {
    const spend = (start: number): number => (this.#spent += performance.now() - start);
    return {
      spec: 1,
      name: backend.name,
      capabilities: backend.capabilities,
      upload: (data, dtype) => backend.upload(data, dtype),
      download: (handle) => backend.download(handle),
      release: (handle) => backend.release(handle),
      adopt: (native, dtype) => backend.adopt!(native, dtype),
      native: (handle) => backend.native!(handle),
      stats: () => backend.stats!(),
      run(...args) {
        const start = performance.now();
        const results = backend.run(...args);
        if (results instanceof Promise) return results.finally(() => spend(start));
        spend(start);
        return results;
      },
    };
  }

  async run(timed: boolean): Promise<void> {
    const native = wave(this.#shape);
    this.#scheduler.setTimesteps(STEPS);
    let x: Tensor = fromOrt(wave(this.#shape), this.#backend);
    for (const t of this.#scheduler.timesteps) {
      const start = performance.now();
      x = await this.#step(x, t, native);
      if (!timed) continue;
      this.#times.push(performance.now() - start);
      this.#computing.push(this.#spent);
    }
    x.dispose();
  }

  /** What surrounds one call of a session. */
  async #step(x: Tensor, t: number, native: ort.Tensor): Promise<Tensor> {
    const input = await this.#scheduler.scaleModelInput(x, t);
    await toOrt(input);
    const out = fromOrt(native, this.#backend);
    this.#spent = 0;
    const { prevSample, predOriginalSample } = await this.#scheduler.step(out, t, x);
    for (const old of [input, out, x, predOriginalSample]) old?.dispose();
    return prevSample;
  }

  result(): OrtLoop {
    return { time: summary(this.#times), computing: summary(this.#computing) };
  }
}

/** Runs the exported graph of every step, whose coefficients have to be made into a tensor. */
async function ownGraph(scheduler: SchedulerMixin, shape: Shape): Promise<(times: number[]) => Promise<void>> {
  const { graphs, table } = await exportStep(scheduler, STEPS);
  const sessions: ort.InferenceSession[] = [];
  for (const graph of graphs) sessions.push(await ort.InferenceSession.create(graph, SESSION));
  const given = wave(shape);
  return async (times) => {
    for (const { graph, coefficients, inputs, outputs } of table.steps) {
      const start = performance.now();
      const feeds: Record<string, ort.Tensor> = { coefficients: new ort.Tensor(Float32Array.from(coefficients)) };
      for (const name of Object.keys(inputs)) feeds[name] = given;
      await sessions[graph]!.run(feeds, outputs);
      times.push(performance.now() - start);
    }
  };
}
