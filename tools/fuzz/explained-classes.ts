// The documented differences of single classes; see explained.ts.

import type { Difference } from './explained.ts';
import type { FuzzCase, Seen } from './message.ts';
import { entryOf, failureOf, indexOf, missOf, nothingThrown, numberIn } from './message.ts';

const is =
  (...names: readonly string[]) =>
  ({ golden }: Seen): boolean =>
    names.includes(golden.class.replace(/Scheduler$/, ''));

const stepsOf = (golden: FuzzCase): number => Number(golden.request?.['num_inference_steps']);
const configured = ({ golden }: Seen, key: string, value: unknown): number => Number(golden.config[key] ?? value);

/** Where the recorded run of a case failed. */
const failedAt = ({ golden }: Seen): number =>
  'error' in golden ? ((golden.error as { step?: number }).step ?? -1) : -1;
const expectOf = ({ golden }: Seen) => ('expect' in golden ? golden.expect : undefined);

/** What upstream's recorded steps say of the position after one of them. */
const positionAfter = (seen: Seen, step: number): number => expectOf(seen)?.steps[step]?.step_index ?? Number.NaN;

/** Of the second half of a step. */
export const HALVES: readonly Difference[] = [
  {
    reason: 'the run begins at an odd position, the second half of a step, where upstream mixes two steps',
    explains: (seen) => {
      const position = numberIn(
        seen,
        /^threw REQUEST_INVALID: Position (\d+) is the second call of a step, and this run began there/,
      );
      const four = is('HeunDiscrete', 'KDPM2Discrete', 'KDPM2AncestralDiscrete', 'FlowMatchHeunDiscrete');
      return four(seen) && position % 2 === 1 && positionAfter(seen, 0) === position + 1;
    },
  },
  {
    reason:
      'KDPM2Ancestral: sigma_down is NaN where rounding leaves less than nothing under the root; here sigma_next^2 / sigma',
    explains: (seen) => {
      if (!is('KDPM2AncestralDiscrete')(seen)) return false;
      const middle = (step: number): number => entryOf(expectOf(seen)?.timesteps, 2 * Math.floor(step / 2) + 1);
      if (seen.check === 'tables') return wrongAreNaN(seen, expectOf(seen)?.timesteps);
      const failed = indexOf(seen.golden, failedAt(seen));
      return failureOf(seen)?.type === 'NaN' && nothingThrown(seen) && Number.isNaN(middle(failed));
    },
  },
];

/** A message on the timesteps that names as many wrong entries as upstream has NaN, the worst being one of these. */
function wrongAreNaN({ text }: Seen, table: unknown): boolean {
  const list = (table as { readonly head?: readonly number[] }).head ?? (table as readonly number[]);
  const count = list.filter(Number.isNaN).length;
  const [, wrong] = /timesteps: element \d+ is [-\d.e]+, not NaN; (\d+) of \d+ elements are wrong$/.exec(text) ?? [];
  return count > 0 && Number(wrong) === count;
}

/** Of tables, and of what is asked of them. */
export const TABLES: readonly Difference[] = [
  {
    reason:
      "CMStochasticIterative: timesteps are logarithms of powers of differences, whose last bits are the C library's",
    explains: (seen) => {
      const [min, max, rho] = [
        ['sigma_min', 0.002],
        ['sigma_max', 80],
        ['rho', 7],
      ].map(([key, value]) => configured(seen, key as string, value)) as [number, number, number];
      // 250 ln sigma of (a + r (b - a))^rho: the roundings of a, b and the sum, relative to the smallest root, rho times
      const bound = 250 * rho * 4 * 2 ** -53 * (max / min) ** (1 / rho);
      return (
        is('CMStochasticIterative')(seen) &&
        /^(the (first|last) )?timesteps: element/.test(seen.text) &&
        missOf(seen) <= bound
      );
    },
  },
  {
    reason:
      'a level without signal within the trained ones is refused at once; upstream only stumbles over schedules that meet it',
    explains: (seen) =>
      seen.code === 'NUMERIC' &&
      / alphas_cumprod is 0 at timestep \d+, so its sigma is not a finite number/.test(` ${seen.text.slice(15)}`) &&
      seen.golden.config['rescale_betas_zero_snr'] === true &&
      seen.golden.config['beta_end'] === 0,
  },
  {
    reason: 'LTXEulerAncestralRF: a single sigma is a schedule of no step',
    explains: (seen) => {
      const given = seen.golden.request?.['sigmas'] ?? seen.golden.request?.['timesteps'];
      return (
        is('LTXEulerAncestralRF')(seen) &&
        Array.isArray(given) &&
        given.length === 1 &&
        seen.text.startsWith('threw REQUEST_INVALID: 1 sigmas have no step between them.')
      );
    },
  },
  {
    reason: 'LTXEulerAncestralRF: a step past the end gives the sample back',
    explains: (seen) => {
      const end = numberIn(seen, /^threw RUN_EXHAUSTED: \w+: step (\d+) of a schedule of \d+ steps/);
      const last = seen.check === 'free-run' ? (expectOf(seen)?.steps.length ?? 0) - 1 : seen.step;
      return (
        is('LTXEulerAncestralRF')(seen) && positionAfter(seen, last) === end && positionAfter(seen, last - 1) === end
      );
    },
  },
  {
    reason: 'VQDiffusion: more steps than trained timesteps are refused at once; upstream fails at a step beyond those',
    explains: (seen) =>
      is('VQDiffusion')(seen) &&
      stepsOf(seen.golden) > configured(seen, 'num_train_timesteps', 100) &&
      seen.text.startsWith(`threw REQUEST_INVALID: numInferenceSteps is ${stepsOf(seen.golden)};`),
  },
  {
    reason:
      'KarrasVe: one step has no schedule; upstream makes one of NaN, which calls with a level of their own do not read',
    explains: (seen) =>
      is('KarrasVe')(seen) &&
      stepsOf(seen.golden) === 1 &&
      seen.text.startsWith('threw REQUEST_INVALID: KarrasVeScheduler: one step has no schedule'),
  },
  {
    reason: 'DPM-Solver: sde-dpmsolver has no third order; upstream finds out at the third step',
    explains: (seen) =>
      is('DPMSolverMultistep', 'DPMSolverMultistepInverse')(seen) &&
      String(seen.golden.config['algorithm_type']).startsWith('sde-dpmsolver') &&
      configured(seen, 'solver_order', 2) >= 3 &&
      seen.text.startsWith('threw CONFIG_CONFLICT: sde-dpmsolver has no third order'),
  },
];

/** The chance of staying, and of becoming the mask, that VQDiffusion's config has at a timestep: in one step, and in all up to it. */
function vqSums(seen: Seen, timestep: number): readonly number[] {
  const levels = configured(seen, 'num_train_timesteps', 100);
  const line =
    (name: string, start: number, end: number) =>
    (t: number): number => {
      const [first, last] = [configured(seen, `${name}_start`, start), configured(seen, `${name}_end`, end)];
      return first + (t / (levels - 1)) * (last - first);
    };
  const [alpha, gamma] = [line('alpha_cum', 0.99999, 0.000009), line('gamma_cum', 0.000009, 0.99999)];
  const [alphaBefore, gammaBefore] = timestep === 0 ? [1, 0] : [alpha(timestep - 1), gamma(timestep - 1)];
  const step = alpha(timestep) / alphaBefore + 1 - (1 - gamma(timestep)) / (1 - gammaBefore);
  return [step, alpha(timestep) + gamma(timestep)];
}

/** Of single formulas. */
export const FEW: readonly Difference[] = [
  {
    reason: 'more trained levels than float32 timesteps can tell apart are refused',
    explains: ({ golden, text }) =>
      Number(golden.config['num_train_timesteps']) > 2 ** 24 &&
      /^threw CONFIG_INVALID: \w+: num_train_timesteps is \d+; give at most 16777216/.test(text),
  },
  {
    reason: 'UniPCMultistep: an empty list as solver_p, which upstream takes for none, is no scheduler',
    explains: ({ golden, text }) =>
      JSON.stringify(golden.config['solver_p']) === '[]' && text.startsWith('threw CONFIG_INVALID: solver_p is .'),
  },
  {
    reason:
      'EulerAncestral: sigma_down is NaN where rounding leaves less than nothing under the root; here sigma_next^2 / sigma',
    explains: (seen) => {
      const index = indexOf(seen.golden, failedAt(seen));
      const [from, to] = [index, index + 1].map((i) => entryOf(expectOf(seen)?.sigmas, i)) as [number, number];
      const f = Math.fround;
      const up = f(Math.sqrt(f(f(f(to * to) * f(f(from * from) - f(to * to))) / f(from * from))));
      const negative = f(to * to) - f(up * up) < 0;
      return is('EulerAncestralDiscrete')(seen) && failureOf(seen)?.type === 'NaN' && nothingThrown(seen) && negative;
    },
  },
  {
    reason:
      'CosineDPMSolverMultistep: the step to sigma 0 takes no noise, so that too many or too few seeds do not matter',
    explains: (seen) => {
      const { golden } = seen;
      const seeds = golden.kind === 'error' ? golden.options?.['generator_seed'] : undefined;
      const end = entryOf(expectOf(seen)?.sigmas, indexOf(golden, failedAt(seen)) + 1) === 0;
      const wrong = Array.isArray(seeds) && golden.kind !== 'call' && seeds.length !== golden.shape[0];
      const asserted = failureOf(seen)?.type === 'AssertionError' && nothingThrown(seen);
      return is('CosineDPMSolverMultistep')(seen) && wrong && asserted && end;
    },
  },
  {
    reason: 'thresholding with a sample_max_value below 0 is refused; upstream gives 1 everywhere',
    explains: (seen) =>
      seen.golden.config['thresholding'] === true &&
      configured(seen, 'sample_max_value', 1) < 0 &&
      seen.text.startsWith('threw CONFIG_INVALID: sample_max_value is'),
  },
  {
    reason:
      'VQDiffusion: probabilities above 1 are refused whatever the ids; upstream has NaN where an id is not the mask',
    explains: (seen) => {
      const timestep = numberIn(
        seen,
        /^threw NUMERIC: At timestep (\d+) the probabilities of staying and of the mask add up to more than 1/,
      );
      return is('VQDiffusion')(seen) && vqSums(seen, timestep).some((sum) => sum > 1);
    },
  },
  {
    reason: 'ScoreSdeVe: add_noise takes 4 dimensions; here any number, one level per item',
    explains: (seen) => {
      const { golden } = seen;
      if (!is('ScoreSdeVe')(seen) || golden.kind === 'call' || golden.shape.length === 4 || golden.shape[0] === 1)
        return false;
      if (seen.check === 'add-noise') return seen.text.startsWith('add_noise: element');
      return nothingThrown(seen) && failureOf(seen)!.text.startsWith('The size of tensor a');
    },
  },
  {
    reason: 'epsilon at zero SNR divides by zero; where upstream then clips, it has the sign alone',
    explains: (seen) => {
      const { config } = seen.golden;
      const four = is('DDIM', 'DDIMParallel', 'DDPM', 'DDPMParallel', 'LCM');
      const clips = config['clip_sample'] ?? !is('LCM')(seen);
      const last = configured(seen, 'num_train_timesteps', 1000) - 1;
      const zero =
        numberIn(seen, /^threw NUMERIC: \w+: step \d+ \(timestep (\d+)\) has the coefficient -?Infinity/) === last ||
        seen.text.startsWith('threw NUMERIC: batchStepNoNoise: alpha is 0 for batch item');
      const epsilon = (config['prediction_type'] ?? 'epsilon') === 'epsilon';
      return four(seen) && config['rescale_betas_zero_snr'] === true && epsilon && clips === true && zero;
    },
  },
  {
    reason: 'CMStochasticIterative: the root of sigma_min^2 - sigma_min^2, which float32 makes negative; here 0',
    explains: (seen) => {
      const min = configured(seen, 'sigma_min', 0.002);
      const square = Math.fround(Math.fround(min) ** 2) - min ** 2;
      const index = indexOf(seen.golden, failedAt(seen));
      const atEnd = entryOf(expectOf(seen)?.sigmas, index + 1) <= Math.fround(min); // which is raised to sigma_min
      const end = atEnd || index === stepsOf(seen.golden) - 1;
      return (
        is('CMStochasticIterative')(seen) && failureOf(seen)?.type === 'NaN' && nothingThrown(seen) && end && square < 0
      );
    },
  },
  {
    reason: 'CosineDPMSolverMultistep: the step to sigma 0 takes no noise; upstream asks a tree that does not return',
    explains: (seen) =>
      is('CosineDPMSolverMultistep')(seen) &&
      failureOf(seen)?.type === 'RecursionError' &&
      nothingThrown(seen) &&
      entryOf(expectOf(seen)?.sigmas, indexOf(seen.golden, failedAt(seen)) + 1) === 0,
  },
];
