// Names that exist beyond what is installed: upstream's enum, its classes, and the package that has each.

import { DiffusionError } from '../errors.ts';

/** Upstream's enum of the schedulers that share a config format, with its numbers. */
export const KarrasDiffusionSchedulers: {
  readonly DDIMScheduler: 1;
  readonly DDPMScheduler: 2;
  readonly PNDMScheduler: 3;
  readonly LMSDiscreteScheduler: 4;
  readonly EulerDiscreteScheduler: 5;
  readonly HeunDiscreteScheduler: 6;
  readonly EulerAncestralDiscreteScheduler: 7;
  readonly DPMSolverMultistepScheduler: 8;
  readonly DPMSolverSinglestepScheduler: 9;
  readonly KDPM2DiscreteScheduler: 10;
  readonly KDPM2AncestralDiscreteScheduler: 11;
  readonly DEISMultistepScheduler: 12;
  readonly UniPCMultistepScheduler: 13;
  readonly DPMSolverSDEScheduler: 14;
  readonly EDMEulerScheduler: 15;
} = Object.freeze({
  DDIMScheduler: 1,
  DDPMScheduler: 2,
  PNDMScheduler: 3,
  LMSDiscreteScheduler: 4,
  EulerDiscreteScheduler: 5,
  HeunDiscreteScheduler: 6,
  EulerAncestralDiscreteScheduler: 7,
  DPMSolverMultistepScheduler: 8,
  DPMSolverSinglestepScheduler: 9,
  KDPM2DiscreteScheduler: 10,
  KDPM2AncestralDiscreteScheduler: 11,
  DEISMultistepScheduler: 12,
  UniPCMultistepScheduler: 13,
  DPMSolverSDEScheduler: 14,
  EDMEulerScheduler: 15,
});

export type KarrasDiffusionSchedulerName = keyof typeof KarrasDiffusionSchedulers;

/** The 15 names, in upstream's order: the `compatibles` of most schedulers. */
export const KARRAS_COMPATIBLES: readonly KarrasDiffusionSchedulerName[] = Object.freeze(
  Object.keys(KarrasDiffusionSchedulers) as KarrasDiffusionSchedulerName[],
);

/** Upstream's classes by the middle of their module name; the package is `@unnoise/scheduler-` and that name. */
const MODULES = `Amused:amused BlockRefinement:block-refinement CMStochasticIterative:consistency-models
CogVideoXDDIM:ddim-cogvideox CogVideoXDPM:dpm-cogvideox ConsistencyDecoder:consistency-decoder
CosineDPMSolverMultistep:cosine-dpmsolver-multistep DDIM:ddim DDIMInverse:ddim-inverse DDIMParallel:ddim-parallel DDPM:ddpm
DDPMParallel:ddpm-parallel DDPMWuerstchen:ddpm-wuerstchen DEISMultistep:deis-multistep DiscreteDDIM:discrete-ddim
DPMSolverMultistep:dpmsolver-multistep DPMSolverMultistepInverse:dpmsolver-multistep-inverse DPMSolverSDE:dpmsolver-sde
DPMSolverSinglestep:dpmsolver-singlestep EDMDPMSolverMultistep:edm-dpmsolver-multistep EDMEuler:edm-euler
EntropyBound:entropy-bound EulerAncestralDiscrete:euler-ancestral-discrete EulerDiscrete:euler-discrete
FlowMapEulerDiscrete:flow-map-euler-discrete FlowMatchEulerDiscrete:flow-match-euler-discrete
FlowMatchHeunDiscrete:flow-match-heun-discrete FlowMatchLCM:flow-match-lcm Helios:helios HeliosDMD:helios-dmd
HeunDiscrete:heun-discrete IPNDM:ipndm KarrasVe:karras-ve KDPM2AncestralDiscrete:k-dpm-2-ancestral-discrete
KDPM2Discrete:k-dpm-2-discrete LCM:lcm LMSDiscrete:lms-discrete LTXEulerAncestralRF:ltx-euler-ancestral-rf
MiniMaxH3:minimax-h3 Piflow:piflow PNDM:pndm RFD4Proteina:rfd4-proteina RePaint:repaint SASolver:sasolver SCM:scm ScoreSdeVe:sde-ve ScoreSdeVp:sde-vp TCD:tcd
UnCLIP:unclip UniPCMultistep:unipc-multistep VQDiffusion:vq-diffusion`;

const PACKAGES: Readonly<Record<string, string>> = Object.fromEntries(
  MODULES.split(/\s+/).map((entry) => {
    const [name, module] = entry.split(':');
    return [`${name}Scheduler`, `@unnoise/scheduler-${module}`];
  }),
);

/** The package that has a scheduler, by its `_class_name`; undefined for a name that upstream does not have. */
export function packageOf(className: string): string | undefined {
  return Object.hasOwn(PACKAGES, className) ? PACKAGES[className] : undefined;
}

/** The `_class_name` of every scheduler that upstream has, installed or not. */
export function knownSchedulers(): readonly string[] {
  return Object.keys(PACKAGES);
}

/** The error for a class that is not registered: says which package to install where that is known. */
export function unknownScheduler(className: string, registered: readonly string[]): DiffusionError {
  const name = packageOf(className);
  const advice = name
    ? `Run "npm install ${name}" and import "${name}/register".`
    : 'No package of that name is known: check _class_name, or register your own class with registry.add().';
  const have = registered.length > 0 ? registered.join(', ') : 'none';
  return new DiffusionError('SCHEDULER_UNKNOWN', `${className} is not registered (registered: ${have}). ${advice}`, {
    className,
    package: name,
    registered,
  });
}
