// The schedulers that are measured: every class, with the config and the count of steps that a bench of it needs. torch_steps.py is told the
// same. How a step is called where that is not step(out, t, x) is here for us, and there for upstream.

import type { ConfigObject, Generator, SchedulerMixin, Tensor } from '@unnoise/core';
import type { KarrasVeScheduler } from '@unnoise/scheduler-karras-ve';
import type { ScoreSdeVeScheduler } from '@unnoise/scheduler-sde-ve';
import type { ScoreSdeVpScheduler } from '@unnoise/scheduler-sde-vp';
import { loadScheduler, type SchedulerName } from '@unnoise/schedulers';

/** What a run is fed with. The model answers the same at every step. */
export interface Fed {
  readonly generator: Generator;
  readonly image: Tensor;
  readonly mask: Tensor;
}

/** One step of a loop: the next sample, and whatever else it made. */
export interface Stepped {
  readonly prevSample: Tensor;
  readonly others: readonly (Tensor | undefined)[];
}

type Step = (scheduler: SchedulerMixin, out: Tensor, t: number, x: Tensor, fed: Fed) => Promise<Stepped>;

export interface Subject {
  readonly className: SchedulerName;
  /** What distinguishes it from the other rows of its class. */
  readonly variant?: string;
  readonly config: ConfigObject;
  readonly steps: number;
  /** Whose loop it is raced with. */
  readonly of: 'diffusers' | 'k-diffusion';
  readonly step: Step;
}

/** The config of Stable Diffusion 1.5. */
export const SD = { beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 } as const;
const VP = { ...SD, clip_sample: false } as const;

const plain: Step = async (scheduler, out, t, x, { generator }) => {
  const options = scheduler.class.stepOptions.includes('generator') ? { generator } : undefined;
  const { prevSample, predOriginalSample } = await scheduler.step(out, t, x, options);
  return { prevSample, others: [predOriginalSample] };
};

/** As RePaint's pipeline, without the way back up. */
const inpainting: Step = async (scheduler, out, t, x, { generator, image, mask }) => {
  const { prevSample, predOriginalSample } = await scheduler.step(out, t, x, { generator, originalImage: image, mask });
  return { prevSample, others: [predOriginalSample] };
};

/** Its three methods, as its pipeline calls them. */
const karrasVe: Step = async (mixin, out, t, x, { generator }) => {
  const scheduler = mixin as unknown as KarrasVeScheduler;
  const { schedule } = scheduler;
  const sigmaPrev = t > 0 ? schedule[t - 1]! : 0;
  const { sampleHat, sigmaHat } = await scheduler.addNoiseToInput(x, schedule[t]!, { generator });
  const euler = await scheduler.step(out, t, sampleHat, { sigmaHat, sigmaPrev });
  const others = [sampleHat, euler.predOriginalSample, euler.derivative];
  if (sigmaPrev === 0) return { prevSample: euler.prevSample, others };
  const heun = await scheduler.stepCorrect(out, sigmaHat, sigmaPrev, sampleHat, euler.prevSample, euler.derivative);
  return {
    prevSample: heun.prevSample,
    others: [...others, euler.prevSample, heun.predOriginalSample, heun.derivative],
  };
};

const sdeVe: Step = async (mixin, out, t, x, { generator }) => {
  const { prevSample, prevSampleMean } = await (mixin as ScoreSdeVeScheduler).stepPred(out, t, x, { generator });
  return { prevSample, others: [prevSampleMean] };
};

const sdeVp: Step = async (mixin, out, t, x, { generator }) => {
  const { prevSample, prevSampleMean } = await (mixin as ScoreSdeVpScheduler).stepPred(out, x, t, { generator });
  return { prevSample, others: [prevSampleMean] };
};

const subject = (className: SchedulerName, config: ConfigObject, rest: Partial<Subject> = {}): Subject => ({
  className,
  config,
  steps: 20,
  of: 'diffusers',
  step: plain,
  ...rest,
});

const KARRAS = { ...SD, use_karras_sigmas: true } as const;
const SEEDED = { noise_sampler_seed: 0 };

export const SUBJECTS: readonly Subject[] = [
  subject('DDIMScheduler', VP),
  subject('DDIMInverseScheduler', VP),
  subject('DDIMParallelScheduler', VP),
  subject('CogVideoXDDIMScheduler', VP),
  subject('DDPMScheduler', VP),
  subject('DDPMScheduler', { ...VP, thresholding: true }, { variant: 'dynamic thresholding' }),
  subject('DDPMParallelScheduler', VP),
  subject('DDPMWuerstchenScheduler', {}),
  subject('UnCLIPScheduler', {}),
  subject('RePaintScheduler', {}, { step: inpainting, steps: 10 }),
  subject('PNDMScheduler', SD),
  subject('DPMSolverMultistepScheduler', SD),
  subject('DPMSolverMultistepScheduler', { ...SD, algorithm_type: 'sde-dpmsolver++' }, { variant: 'SDE' }),
  subject('DPMSolverMultistepInverseScheduler', SD),
  subject('DPMSolverSinglestepScheduler', SD),
  subject('DEISMultistepScheduler', SD),
  subject('UniPCMultistepScheduler', SD),
  subject('SASolverScheduler', SD),
  subject('CogVideoXDPMScheduler', VP),
  subject('CosineDPMSolverMultistepScheduler', {}, { steps: 4 }),
  subject('EDMDPMSolverMultistepScheduler', {}),
  subject('EDMEulerScheduler', {}),
  subject('EulerDiscreteScheduler', SD),
  subject('EulerAncestralDiscreteScheduler', SD),
  subject('HeunDiscreteScheduler', SD),
  subject('KDPM2DiscreteScheduler', SD),
  subject('KDPM2AncestralDiscreteScheduler', SD),
  subject('LMSDiscreteScheduler', SD),
  subject('IPNDMScheduler', {}),
  subject('DPMSolverSDEScheduler', { ...SD, ...SEEDED }, { steps: 4 }),
  subject('FlowMatchEulerDiscreteScheduler', {}),
  subject('FlowMatchHeunDiscreteScheduler', {}),
  subject('FlowMatchLCMScheduler', {}),
  subject('LTXEulerAncestralRFScheduler', {}),
  subject('LCMScheduler', VP),
  subject('TCDScheduler', VP),
  subject('SCMScheduler', {}, { steps: 2 }),
  subject('CMStochasticIterativeScheduler', {}),
  subject('ConsistencyDecoderScheduler', {}, { steps: 2 }),
  subject('KarrasVeScheduler', {}, { step: karrasVe }),
  subject('ScoreSdeVeScheduler', {}, { step: sdeVe }),
  subject('ScoreSdeVpScheduler', {}, { step: sdeVp }),
  subject('DPMFastScheduler', SD, { of: 'k-diffusion', steps: 21 }),
  subject('DPMAdaptiveScheduler', SD, { of: 'k-diffusion' }),
  subject('DPMPP2SAncestralScheduler', KARRAS, { of: 'k-diffusion' }),
  subject('DPMPP3MSDEScheduler', { ...KARRAS, ...SEEDED }, { of: 'k-diffusion', steps: 4 }),
];

export const titleOf = ({ className, variant }: Subject): string =>
  className.replace(/Scheduler$/, '') + (variant ? `, ${variant}` : '');

export async function schedulerOf({ className, config }: Subject): Promise<SchedulerMixin> {
  return new (await loadScheduler(className))(config);
}
