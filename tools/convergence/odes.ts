// The solvers of the probability flow, each as it is published: no lower orders at the end, and the order that its paper promises.

import type { ConfigObject, SchedulerMixin, SchedulerOptions } from '@unnoise/core';
import { torchGenerator } from '@unnoise/core';
import { gaussianMixture } from '@unnoise/testing-gmm';
import { loadScheduler } from '@unnoise/schedulers';
import type { Form, Walk } from './measure.ts';
import { EDM, EPSILON, errorOf, FLOW, preserving, VELOCITY, withLevels } from './measure.ts';

export interface Solver {
  readonly className: string;
  /** What of the class is measured, in words. */
  readonly about: string;
  readonly config: ConfigObject;
  readonly paper: number | string;
  readonly counts: readonly number[];
  /** What the order depends on, or why it is another. */
  readonly note: string;
  readonly walk: (scheduler: SchedulerMixin, steps: number) => Walk;
}

const COUNTS = [20, 40, 80, 160];
const MANY = [40, 80, 160, 200];
const KARRAS = { use_karras_sigmas: true };
const EXPONENTIAL = { use_exponential_sigmas: true };
const WHOLE = { ...KARRAS, lower_order_final: false };
const EPS_MIN = { algorithm_type: 'dpmsolver', final_sigmas_type: 'sigma_min' };

type Options = Partial<Pick<Solver, 'counts' | 'note' | 'walk'>> & { readonly form?: Form };

function solver(
  className: string,
  about: string,
  paper: Solver['paper'],
  config: ConfigObject,
  { form = EPSILON, counts = COUNTS, note = '', walk }: Options = {},
): Solver {
  const plain = (scheduler: SchedulerMixin, steps: number): Walk => ({ run: scheduler.start(steps), form });
  return { className: `${className}Scheduler`, about, paper, config, counts, note, walk: walk ?? plain };
}

const orders = [1, 2, 3] as const;
const SECOND = 'as published, the second difference has half of the weight that order 3 needs';
const CYCLES: Readonly<Record<number, readonly number[]>> = { 1: COUNTS, 2: [21, 41, 81, 161], 3: [82, 160, 319, 640] };

/** KDPM2's levels, those between two steps included, are in the scale of the model's input. */
function betweenSteps(scheduler: SchedulerMixin, steps: number): Walk {
  const run = scheduler.start(steps);
  const { inputScale, timesteps } = run.plan;
  const sigmas = timesteps.map((t, i) => Math.sqrt(1 / inputScale!(i, t) ** 2 - 1));
  return { run: withLevels(run, (index) => ({ signal: 1, noise: sigmas[index]! })), form: EPSILON };
}

/** SA-Solver's addNoise goes by the rounded timesteps. */
function atSigmas(scheduler: SchedulerMixin, steps: number): Walk {
  const run = scheduler.start({ numInferenceSteps: steps, generator: torchGenerator(2) });
  const sigmas = run.plan.sigmas!;
  return { run: withLevels(run, (index) => preserving(sigmas[index]!)), form: EPSILON };
}

/** From 0.98 to 0.02: at 1 there is no signal. */
function fromAlmostNoise(scheduler: SchedulerMixin, steps: number): Walk {
  const sigmas = Array.from({ length: steps }, (_, i) => 0.98 - (0.96 * i) / (steps - 1));
  return { run: scheduler.start({ sigmas }), form: FLOW };
}

/** The part between 0.9 and 0.1 of a run that takes no sigmas. */
function inTheMiddle(scheduler: SchedulerMixin, numInferenceSteps: number): Walk {
  const sigmas = Array.from(scheduler.start(numInferenceSteps).plan.sigmas!);
  const below = (level: number): number => sigmas.findIndex((sigma, i) => i % 2 === 0 && sigma < level);
  const run = scheduler.start({ numInferenceSteps, beginIndex: below(0.9) });
  return { run, form: FLOW, steps: below(0.1) - below(0.9) };
}

const CENTRED = gaussianMixture([
  { weight: 0.5, mean: [-0.8, 0.5], deviation: 0.4 },
  { weight: 0.5, mean: [0.8, -0.5], deviation: 0.4 },
]);

/** IPNDM's time is the angle between data and noise, and begins where there is no signal. */
function angles(scheduler: SchedulerMixin, steps: number): Walk {
  const run = scheduler.start(steps);
  const at = (index: number) => {
    const angle = (run.timesteps[index]! * Math.PI) / 2;
    return { signal: Math.max(Math.cos(angle), 0), noise: Math.sin(angle) };
  };
  return { run: withLevels(run, at), form: VELOCITY, data: CENTRED };
}

const ENDS = { sigma_max: 20, sigma_min: 0.05 };
const toTheEnd = (scheduler: SchedulerMixin, steps: number): Walk => {
  const run = scheduler.start(steps);
  return { run, form: EPSILON, steps: run.remaining.length, to: ENDS.sigma_min };
};

const inOrder =
  (order: number) =>
  (scheduler: SchedulerMixin, numInferenceSteps: number): Walk => ({
    run: scheduler.start({ numInferenceSteps, order }),
    form: EPSILON,
  });

export const SOLVERS: readonly Solver[] = [
  solver('DDIM', 'eta 0, leading', 1, { clip_sample: false }),
  solver(
    'DDIM',
    'eta 0, linspace',
    1,
    { clip_sample: false, timestep_spacing: 'linspace' },
    {
      note: 'goes back by a fixed stride, which is not the next timestep of the list: stops converging, as in diffusers',
    },
  ),
  solver('DDIMParallel', 'eta 0, leading', 1, { clip_sample: false }),
  solver(
    'CogVideoXDDIM',
    'leading',
    1,
    { clip_sample: false, timestep_spacing: 'leading', prediction_type: 'v_prediction' },
    { form: VELOCITY, counts: [125, 250, 500, 1000] },
  ),
  solver('EulerDiscrete', 'karras', 1, KARRAS),
  solver('HeunDiscrete', 'karras', 2, KARRAS, { note: 'per step, of two calls' }),
  solver('Restart', 'without restarts, karras', 2, { ...KARRAS, restart_list: {} }, { note: 'per step, of two calls' }),
  solver('KDPM2Discrete', 'karras', 2, KARRAS, { walk: betweenSteps, note: 'per step, of two calls' }),
  ...[1, 2, 3, 4].map((order) =>
    solver('LMSDiscrete', `order ${order}, karras`, order, KARRAS, {
      counts: [40, 80, 160, 320],
      walk: inOrder(order),
    }),
  ),
  ...orders.map((solver_order) =>
    solver(
      'DPMSolverMultistep',
      `++ ${solver_order}M, karras`,
      solver_order,
      { ...WHOLE, solver_order },
      {
        note: solver_order === 3 ? SECOND : '',
      },
    ),
  ),
  solver('DPMSolverMultistep', '++ 2M, heun type', 2, { ...WHOLE, solver_type: 'heun' }),
  solver('DPMSolverMultistep', '++ 2M, lu', 2, { lower_order_final: false, use_lu_lambdas: true }),
  solver(
    'DPMSolverMultistep',
    '++ 3M, exponential',
    3,
    { ...EXPONENTIAL, lower_order_final: false, solver_order: 3 },
    { note: SECOND },
  ),
  solver('DPMSolverMultistep', 'DPM-Solver 2M', 2, { ...WHOLE, ...EPS_MIN }),
  ...orders.map((solver_order) =>
    solver(
      'DPMSolverSinglestep',
      `++ ${solver_order}S, karras`,
      solver_order,
      { ...KARRAS, solver_order },
      {
        counts: CYCLES[solver_order]!,
        note: solver_order > 1 ? 'per model call, of whole cycles' : '',
      },
    ),
  ),
  ...[2, 3].map((solver_order) =>
    solver(
      'DPMSolverSinglestep',
      `DPM-Solver ${solver_order}S, karras`,
      solver_order,
      { ...KARRAS, ...EPS_MIN, solver_order },
      {
        counts: CYCLES[solver_order]!,
        note: 'per model call, of whole cycles',
      },
    ),
  ),
  solver('DPMPP2SAncestral', 'eta 0, karras', 2, { ...KARRAS, eta: 0 }, { note: 'per step, of two calls' }),
  solver('DPMPP3MSDE', 'eta 0, exponential', 3, { ...EXPONENTIAL, eta: 0 }, { note: SECOND }),
  solver('DPMFast', 'eta 0', 3, ENDS, {
    counts: [31, 61, 121, 241],
    walk: toTheEnd,
    note: 'per model call; steps of order 3, but for the last, which is of order 1 or 2',
  }),
  ...orders.map((solver_order) =>
    solver('DEISMultistep', `order ${solver_order}, karras`, solver_order, { ...WHOLE, solver_order }),
  ),
  ...orders.map((solver_order) =>
    solver(
      'UniPCMultistep',
      `order ${solver_order} (bh2), karras`,
      solver_order + 1,
      { ...WHOLE, solver_order },
      {
        counts: solver_order === 3 ? MANY : COUNTS,
      },
    ),
  ),
  solver('UniPCMultistep', 'order 2 (bh1), karras', 3, { ...WHOLE, solver_type: 'bh1' }),
  solver('UniPCMultistep', 'order 2 without corrector', 2, {
    ...WHOLE,
    disable_corrector: COUNTS.flatMap((n) => Array.from({ length: n }, (_, i) => i)),
  }),
  ...(
    [
      [1, 1],
      [2, 2],
      [3, 3],
      [3, 4],
    ] as const
  ).map(([predictor_order, corrector_order]) =>
    solver(
      'SASolver',
      `tau 0, predictor ${predictor_order}, corrector ${corrector_order}, exponential`,
      corrector_order,
      { ...EXPONENTIAL, lower_order_final: false, predictor_order, corrector_order, tau_func: 0 },
      { counts: [80, 160, 320, 640], walk: atSigmas },
    ),
  ),
  solver(
    'PNDM',
    'Runge-Kutta start',
    2,
    {},
    { counts: [10, 20, 40], note: 'better than 2 while steps are few; rounded timesteps end it with more' },
  ),
  solver('PNDM', 'PLMS', 2, { skip_prk_steps: true }, { counts: [10, 20, 40], note: 'the same' }),
  solver(
    'IPNDM',
    '',
    'not stated',
    {},
    {
      counts: [10, 20, 40],
      walk: angles,
      note: 'begins with lower orders; the first step takes the mean of the data to be 0, so the data here has it there',
    },
  ),
  solver('EDMEuler', '', 1, {}, { form: EDM }),
  ...orders.map((solver_order) =>
    solver(
      'EDMDPMSolverMultistep',
      `++ ${solver_order}M`,
      solver_order,
      { lower_order_final: false, solver_order },
      {
        form: EDM,
        note: solver_order === 3 ? SECOND : '',
      },
    ),
  ),
  ...[1, 3].map((shift) => solver('FlowMatchEulerDiscrete', `shift ${shift}`, 1, { shift }, { walk: fromAlmostNoise })),
  ...[1, 3].map((shift) =>
    solver(
      'FlowMatchHeunDiscrete',
      `shift ${shift}`,
      2,
      { shift },
      {
        counts: [40, 80, 160, 320],
        walk: inTheMiddle,
        note: 'per step, of two calls; between sigma 0.9 and 0.1',
      },
    ),
  ),
];

export async function errorsOf(
  { className, config, counts, walk }: Solver,
  precision: NonNullable<SchedulerOptions['precision']>,
): Promise<readonly number[]> {
  const Class = await loadScheduler(className);
  const scheduler = new Class(config, { precision });
  const errors: number[] = [];
  for (const count of counts) errors.push(await errorOf(walk(scheduler, count)));
  return errors;
}
