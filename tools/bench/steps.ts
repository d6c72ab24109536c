// What a sampling loop costs besides the model: scaleModelInput, step and giving the old tensors back, for latents [1, 4, 64, 64].

import { type CpuBackend, createCpuBackend } from '@unnoise/backend-cpu';
import { adopt, type Backend, setDefaultBackend, type SchedulerMixin, tensor, type Tensor } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';

import { summary, type Timing } from './measure.ts';

export interface StepRow {
  readonly name: string;
  /** Samples and model outputs in ordinary arrays, as model runtimes give them. */
  readonly arrays: Timing;
  /** Both in the memory of the CPU backend. */
  readonly inPlace: Timing;
  /** On a backend that computes nothing: the host's share of the step. */
  readonly host: Timing;
}

const SHAPE = [1, 4, 64, 64];
const ELEMENTS = 16_384;
const STEPS = 50;
const RUNS = 60;

/** The configs are those of Stable Diffusion 1.5; torch_steps.py has the same. */
const CONFIG = { beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012, steps_offset: 1 } as const;
export const SCHEDULERS: Readonly<Record<string, () => SchedulerMixin>> = {
  DDIM: () => new DDIMScheduler({ ...CONFIG, clip_sample: false, set_alpha_to_one: false }),
  'DPM++ 2M': () => new DPMSolverMultistepScheduler(CONFIG),
  Euler: () => new EulerDiscreteScheduler(CONFIG),
};

export async function benchSteps(): Promise<StepRow[]> {
  const rows: StepRow[] = [];
  for (const [name, make] of Object.entries(SCHEDULERS)) {
    const [arrays, inPlace, host] = await interleavedLoops(make, [onArrays(), inMemory(), onNothing()]);
    rows.push({ name, arrays: arrays!, inPlace: inPlace!, host: host! });
  }
  return rows;
}

/** Where the tensors of a loop come from. */
interface Source {
  readonly backend: Backend;
  sample(): Tensor;
  output(): Tensor;
}

const wave = (): Float32Array => Float32Array.from({ length: ELEMENTS }, (_, i) => Math.sin(i));

function onArrays(backend: Backend = createCpuBackend()): Source {
  const [x, out] = [wave(), wave()];
  return { backend, sample: () => tensor(x, SHAPE), output: () => tensor(out, SHAPE) };
}

function inMemory(backend: CpuBackend = createCpuBackend()): Source {
  const [x, out] = [backend.allocate(ELEMENTS), backend.allocate(ELEMENTS)];
  for (const room of [x, out]) room.array.set(wave());
  const of = (native: unknown): Tensor => adopt(native, SHAPE, 'float32', backend);
  return { backend, sample: () => of(x), output: () => of(out) };
}

/** Takes every kernel and does nothing. */
function onNothing(): Source {
  const { capabilities } = createCpuBackend();
  const handle = {};
  return onArrays({
    spec: 1,
    name: 'nothing',
    capabilities,
    upload: () => handle,
    adopt: () => handle,
    run: (kernel) => kernel.outputs.map(() => handle),
    download: () => new Float32Array(ELEMENTS),
    release: () => undefined,
  });
}

async function interleavedLoops(make: () => SchedulerMixin, sources: readonly Source[]): Promise<Timing[]> {
  const times = sources.map((): number[] => []);
  const schedulers = sources.map(make);
  for (let run = -RUNS; run < RUNS; run++) {
    for (const [i, source] of sources.entries()) {
      setDefaultBackend(source.backend);
      await loop(schedulers[i]!, source, run < 0 ? [] : times[i]!);
    }
  }
  return times.map(summary);
}

async function loop(scheduler: SchedulerMixin, source: Source, times: number[]): Promise<void> {
  scheduler.setTimesteps(STEPS);
  let x = source.sample();
  for (const t of scheduler.timesteps) {
    const start = performance.now();
    const input = await scheduler.scaleModelInput(x, t);
    const out = source.output();
    const { prevSample, predOriginalSample } = await scheduler.step(out, t, x);
    for (const old of [input, out, x, predOriginalSample]) old?.dispose();
    times.push(performance.now() - start);
    x = prevSample;
  }
  x.dispose();
}
