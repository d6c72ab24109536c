// The 15 schedulers of upstream that share a config format.

const NAMES = [
  'DDIMScheduler',
  'DDPMScheduler',
  'PNDMScheduler',
  'LMSDiscreteScheduler',
  'EulerDiscreteScheduler',
  'HeunDiscreteScheduler',
  'EulerAncestralDiscreteScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSinglestepScheduler',
  'KDPM2DiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'DEISMultistepScheduler',
  'UniPCMultistepScheduler',
  'DPMSolverSDEScheduler',
  'EDMEulerScheduler',
] as const;

export type KarrasDiffusionSchedulerName = (typeof NAMES)[number];

/** The 15 names, in upstream's order: the `compatibles` of most schedulers. */
export const KARRAS_COMPATIBLES: readonly KarrasDiffusionSchedulerName[] = /* @__PURE__ */ Object.freeze(NAMES);
