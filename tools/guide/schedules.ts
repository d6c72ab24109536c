// Where schedules put their noise levels: the sigmas of runs, as points to plot. Nothing is computed here that a user could not ask for.

import '@unnoise/core/beta-sigmas';
import type { ConfigObject } from '@unnoise/core';
import { alignYourSteps, exponential, karras, klOptimal, polyexponential, vp } from '@unnoise/core/sigma-schedules';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';

export interface Level {
  readonly schedule: string;
  /** Which level, from 0. */
  readonly index: number;
  readonly sigma: number;
}

/** Stable Diffusion's training. */
const TRAINED = { beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' } as const;
const STEPS = 20;
const FEW = 10;

/** Without the last level, which is 0. */
const levels = (schedule: string, sigmas: ArrayLike<number>): Level[] =>
  Array.from(sigmas)
    .filter((sigma) => sigma > 0)
    .map((sigma, index) => ({ schedule, index, sigma }));

const euler = (steps: number, config: ConfigObject): ArrayLike<number> =>
  new EulerDiscreteScheduler({ ...TRAINED, ...config }).start(steps).plan.sigmas!;

function spaced(steps: number): Level[] {
  return (['linspace', 'leading', 'trailing'] as const).flatMap((timestep_spacing) =>
    levels(timestep_spacing, euler(steps, { timestep_spacing, steps_offset: timestep_spacing === 'leading' ? 1 : 0 })),
  );
}

/** All schedules of models trained with betas, between the same two levels where they have a choice. */
export function trainedSchedules(): Level[] {
  const full = euler(STEPS, {});
  const range = { max: full[0]!, min: full[STEPS - 1]! };
  const lu = new DPMSolverMultistepScheduler({ ...TRAINED, use_lu_lambdas: true }).start(STEPS).plan.sigmas!;
  return [
    ...spaced(STEPS),
    ...levels('karras', karras(STEPS, range)),
    ...levels('exponential', exponential(STEPS, range)),
    ...levels('polyexponential, rho 2', polyexponential(STEPS, range, 2)),
    ...levels('lu', lu),
    ...levels('beta', euler(STEPS, { use_beta_sigmas: true })),
    ...levels('kl optimal', klOptimal(STEPS, range)),
    ...levels('align your steps', alignYourSteps(STEPS)),
    ...levels('vp', vp(STEPS)),
  ];
}

/** Those of them whose curves can be told apart. */
export const distinctSchedules = (): Level[] =>
  trainedSchedules().filter(({ schedule }) => !['linspace', 'leading', 'lu'].includes(schedule));

/** The three spacings where they differ most: with few steps. */
export const spacings = (): Level[] => spaced(FEW);

/** Flow matching: sigma is the share of noise, from 1 to 0. */
export function flowSchedules(): Level[] {
  const flow = (config: ConfigObject): ArrayLike<number> =>
    new FlowMatchEulerDiscreteScheduler(config).start(STEPS).plan.sigmas!;
  return [
    ...[1, 3, 6].flatMap((shift) => levels(`shift ${shift}`, flow({ shift }))),
    ...levels('karras', flow({ use_karras_sigmas: true })),
    ...levels('beta', flow({ use_beta_sigmas: true })),
  ];
}
