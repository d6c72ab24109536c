// The samplers that add noise: how far the law of their samples is from that of Gaussian data. Exact, without a random number.

import { lawError, observedOrder } from '@unnoise/conformance';
import type { ConfigObject, Generator, Run, RunRequest, SchedulerMixin } from '@unnoise/core';
import { loadScheduler } from '@unnoise/schedulers';
import { preserving, withLevels } from './measure.ts';

type OutputOf = NonNullable<Parameters<typeof lawError>[2]>;
type Start = (scheduler: SchedulerMixin, steps: number, generator: Generator) => Run;

export interface Sampler {
  readonly className: string;
  readonly about: string;
  readonly config: ConfigObject;
  readonly start: Start;
  readonly output?: OutputOf;
}

export interface Law {
  readonly variances: readonly number[];
  readonly mean: number;
  readonly order: number;
}

export const LAW_COUNTS = [20, 40, 80, 160] as const;
const DATA = { mean: 0.7, deviation: 0.5 };
const KARRAS = { use_karras_sigmas: true };

const asking =
  (request: RunRequest = {}): Start =>
  (scheduler, numInferenceSteps, generator) =>
    scheduler.start({ ...request, numInferenceSteps, generator });

type Options = Partial<Pick<Sampler, 'start' | 'output'>>;
const sampler = (
  className: string,
  about: string,
  config: ConfigObject,
  { start = asking(), output }: Options = {},
): Sampler => ({
  className: `${className}Scheduler`,
  about,
  config,
  start,
  ...(output && { output }),
});

/** Noise from the sampler's generator instead of a Brownian path: its steps do not overlap, so the law is the same. */
const unlinked: Start = (scheduler, numInferenceSteps, generator) =>
  scheduler.start({ numInferenceSteps, noiseSampler: (_, __, size) => generator.normal(size) });

const atSigmas: Start = (scheduler, steps, generator) => {
  const run = asking()(scheduler, steps, generator);
  return withLevels(run, (index) => preserving(run.plan.sigmas![index]!));
};

/** From 0.95: at 1 the velocity does not follow from the noise. */
const fromAlmostNoise: Start = (scheduler, steps, generator) => {
  const sigmas = Array.from({ length: steps }, (_, i) => 0.95 - (0.9 * i) / (steps - 1));
  return scheduler.start({ sigmas: [...sigmas, 0], generator });
};
const velocity: OutputOf = (x, epsilon, { signal, noise }) => epsilon - (x - noise * epsilon) / signal;

const edm: OutputOf = (x, epsilon, { noise: sigma }) => {
  const square = sigma ** 2 + 0.25;
  return (x - sigma * epsilon - (0.25 / square) * x) / ((sigma * 0.5) / Math.sqrt(square));
};

const SDE = { ...KARRAS, algorithm_type: 'sde-dpmsolver++', lower_order_final: false };

export const SAMPLERS: readonly Sampler[] = [
  sampler('DDPM', 'fixed_small', { clip_sample: false }),
  sampler('DDPM', 'fixed_large', { clip_sample: false, variance_type: 'fixed_large' }),
  sampler('DDIM', 'eta 0.5', { clip_sample: false }, { start: asking({ eta: 0.5 }) }),
  sampler('DDIM', 'eta 1', { clip_sample: false }, { start: asking({ eta: 1 }) }),
  sampler('EulerAncestralDiscrete', '', {}),
  sampler('EulerDiscrete', 'churn 5, karras', KARRAS, { start: asking({ sChurn: 5 }) }),
  sampler('DPMSolverMultistep', 'SDE++ 1, karras', { ...SDE, solver_order: 1 }),
  sampler('DPMSolverMultistep', '++ 2M SDE, karras', SDE),
  sampler('DPMSolverMultistep', '++ 2M SDE, heun type', { ...SDE, solver_type: 'heun' }),
  sampler('DPMSolverMultistep', '++ 3M SDE of diffusers', { ...SDE, solver_order: 3 }),
  sampler('DPMSolverSinglestep', 'SDE++ 1, karras', { ...KARRAS, algorithm_type: 'sde-dpmsolver++', solver_order: 1 }),
  sampler('DPMPP2SAncestral', 'karras', KARRAS),
  sampler('DPMPP3MSDE', 'karras', KARRAS, { start: unlinked }),
  sampler(
    'SASolver',
    'tau 1, predictor 2, corrector 2',
    { use_exponential_sigmas: true, lower_order_final: false, tau_func: 1 },
    { start: atSigmas },
  ),
  sampler(
    'EDMDPMSolverMultistep',
    '++ 2M SDE',
    { algorithm_type: 'sde-dpmsolver++', lower_order_final: false },
    { output: edm },
  ),
  sampler('LTXEulerAncestralRF', 'eta 1', { eta: 1 }, { start: fromAlmostNoise, output: velocity }),
];

export async function lawOf({ className, config, start, output }: Sampler): Promise<Law> {
  const Class = await loadScheduler(className);
  const scheduler = new Class(config, { precision: 'exact64' });
  const found: { readonly mean: number; readonly variance: number }[] = [];
  for (const steps of LAW_COUNTS)
    found.push(await lawError((generator) => start(scheduler, steps, generator), DATA, output));
  const variances = found.map(({ variance }) => variance);
  const last = LAW_COUNTS.slice(-3);
  return {
    variances,
    mean: Math.max(...found.map(({ mean }) => Math.abs(mean))),
    order: observedOrder(last, variances.slice(-3)),
  };
}
