// Written by `npm run fix` from the packages of the repository: every scheduler class, and how to load it.

import type { SchedulerClass } from '@unnoise/core';

export type SchedulerName =
  | 'AmusedScheduler'
  | 'CMStochasticIterativeScheduler'
  | 'CogVideoXDDIMScheduler'
  | 'CogVideoXDPMScheduler'
  | 'ConsistencyDecoderScheduler'
  | 'CosineDPMSolverMultistepScheduler'
  | 'DDIMInverseScheduler'
  | 'DDIMParallelScheduler'
  | 'DDIMScheduler'
  | 'DDPMParallelScheduler'
  | 'DDPMScheduler'
  | 'DDPMWuerstchenScheduler'
  | 'DEISMultistepScheduler'
  | 'DPMAdaptiveScheduler'
  | 'DPMFastScheduler'
  | 'DPMPP2SAncestralScheduler'
  | 'DPMPP3MSDEScheduler'
  | 'DPMSolverMultistepInverseScheduler'
  | 'DPMSolverMultistepScheduler'
  | 'DPMSolverSDEScheduler'
  | 'DPMSolverSinglestepScheduler'
  | 'EDMDPMSolverMultistepScheduler'
  | 'EDMEulerScheduler'
  | 'EulerAncestralDiscreteScheduler'
  | 'EulerDiscreteScheduler'
  | 'FlowMatchEulerDiscreteScheduler'
  | 'FlowMatchHeunDiscreteScheduler'
  | 'FlowMatchLCMScheduler'
  | 'HeunDiscreteScheduler'
  | 'IPNDMScheduler'
  | 'KDPM2AncestralDiscreteScheduler'
  | 'KDPM2DiscreteScheduler'
  | 'KarrasVeScheduler'
  | 'LCMScheduler'
  | 'LMSDiscreteScheduler'
  | 'LTXEulerAncestralRFScheduler'
  | 'PNDMScheduler'
  | 'RePaintScheduler'
  | 'RestartScheduler'
  | 'SASolverScheduler'
  | 'SCMScheduler'
  | 'ScoreSdeVeScheduler'
  | 'ScoreSdeVpScheduler'
  | 'TCDScheduler'
  | 'UnCLIPScheduler'
  | 'UniPCMultistepScheduler'
  | 'VQDiffusionScheduler';

/** By `_class_name`. A class is loaded when its function is called. */
export const schedulers: { readonly [Name in SchedulerName]: () => Promise<SchedulerClass> } = {
  AmusedScheduler: async () => (await import('@unnoise/scheduler-amused')).AmusedScheduler,
  CMStochasticIterativeScheduler: async () =>
    (await import('@unnoise/scheduler-consistency-models')).CMStochasticIterativeScheduler,
  CogVideoXDDIMScheduler: async () => (await import('@unnoise/scheduler-ddim-cogvideox')).CogVideoXDDIMScheduler,
  CogVideoXDPMScheduler: async () => (await import('@unnoise/scheduler-dpm-cogvideox')).CogVideoXDPMScheduler,
  ConsistencyDecoderScheduler: async () =>
    (await import('@unnoise/scheduler-consistency-decoder')).ConsistencyDecoderScheduler,
  CosineDPMSolverMultistepScheduler: async () =>
    (await import('@unnoise/scheduler-cosine-dpmsolver-multistep')).CosineDPMSolverMultistepScheduler,
  DDIMInverseScheduler: async () => (await import('@unnoise/scheduler-ddim-inverse')).DDIMInverseScheduler,
  DDIMParallelScheduler: async () => (await import('@unnoise/scheduler-ddim-parallel')).DDIMParallelScheduler,
  DDIMScheduler: async () => (await import('@unnoise/scheduler-ddim')).DDIMScheduler,
  DDPMParallelScheduler: async () => (await import('@unnoise/scheduler-ddpm-parallel')).DDPMParallelScheduler,
  DDPMScheduler: async () => (await import('@unnoise/scheduler-ddpm')).DDPMScheduler,
  DDPMWuerstchenScheduler: async () => (await import('@unnoise/scheduler-ddpm-wuerstchen')).DDPMWuerstchenScheduler,
  DEISMultistepScheduler: async () => (await import('@unnoise/scheduler-deis-multistep')).DEISMultistepScheduler,
  DPMAdaptiveScheduler: async () => (await import('@unnoise/scheduler-dpm-adaptive')).DPMAdaptiveScheduler,
  DPMFastScheduler: async () => (await import('@unnoise/scheduler-dpm-fast')).DPMFastScheduler,
  DPMPP2SAncestralScheduler: async () =>
    (await import('@unnoise/scheduler-dpmpp-2s-ancestral')).DPMPP2SAncestralScheduler,
  DPMPP3MSDEScheduler: async () => (await import('@unnoise/scheduler-dpmpp-3m-sde')).DPMPP3MSDEScheduler,
  DPMSolverMultistepInverseScheduler: async () =>
    (await import('@unnoise/scheduler-dpmsolver-multistep-inverse')).DPMSolverMultistepInverseScheduler,
  DPMSolverMultistepScheduler: async () =>
    (await import('@unnoise/scheduler-dpmsolver-multistep')).DPMSolverMultistepScheduler,
  DPMSolverSDEScheduler: async () => (await import('@unnoise/scheduler-dpmsolver-sde')).DPMSolverSDEScheduler,
  DPMSolverSinglestepScheduler: async () =>
    (await import('@unnoise/scheduler-dpmsolver-singlestep')).DPMSolverSinglestepScheduler,
  EDMDPMSolverMultistepScheduler: async () =>
    (await import('@unnoise/scheduler-edm-dpmsolver-multistep')).EDMDPMSolverMultistepScheduler,
  EDMEulerScheduler: async () => (await import('@unnoise/scheduler-edm-euler')).EDMEulerScheduler,
  EulerAncestralDiscreteScheduler: async () =>
    (await import('@unnoise/scheduler-euler-ancestral-discrete')).EulerAncestralDiscreteScheduler,
  EulerDiscreteScheduler: async () => (await import('@unnoise/scheduler-euler-discrete')).EulerDiscreteScheduler,
  FlowMatchEulerDiscreteScheduler: async () =>
    (await import('@unnoise/scheduler-flow-match-euler-discrete')).FlowMatchEulerDiscreteScheduler,
  FlowMatchHeunDiscreteScheduler: async () =>
    (await import('@unnoise/scheduler-flow-match-heun-discrete')).FlowMatchHeunDiscreteScheduler,
  FlowMatchLCMScheduler: async () => (await import('@unnoise/scheduler-flow-match-lcm')).FlowMatchLCMScheduler,
  HeunDiscreteScheduler: async () => (await import('@unnoise/scheduler-heun-discrete')).HeunDiscreteScheduler,
  IPNDMScheduler: async () => (await import('@unnoise/scheduler-ipndm')).IPNDMScheduler,
  KDPM2AncestralDiscreteScheduler: async () =>
    (await import('@unnoise/scheduler-k-dpm-2-ancestral-discrete')).KDPM2AncestralDiscreteScheduler,
  KDPM2DiscreteScheduler: async () => (await import('@unnoise/scheduler-k-dpm-2-discrete')).KDPM2DiscreteScheduler,
  KarrasVeScheduler: async () => (await import('@unnoise/scheduler-karras-ve')).KarrasVeScheduler,
  LCMScheduler: async () => (await import('@unnoise/scheduler-lcm')).LCMScheduler,
  LMSDiscreteScheduler: async () => (await import('@unnoise/scheduler-lms-discrete')).LMSDiscreteScheduler,
  LTXEulerAncestralRFScheduler: async () =>
    (await import('@unnoise/scheduler-ltx-euler-ancestral-rf')).LTXEulerAncestralRFScheduler,
  PNDMScheduler: async () => (await import('@unnoise/scheduler-pndm')).PNDMScheduler,
  RePaintScheduler: async () => (await import('@unnoise/scheduler-repaint')).RePaintScheduler,
  RestartScheduler: async () => (await import('@unnoise/scheduler-restart')).RestartScheduler,
  SASolverScheduler: async () => (await import('@unnoise/scheduler-sasolver')).SASolverScheduler,
  SCMScheduler: async () => (await import('@unnoise/scheduler-scm')).SCMScheduler,
  ScoreSdeVeScheduler: async () => (await import('@unnoise/scheduler-sde-ve')).ScoreSdeVeScheduler,
  ScoreSdeVpScheduler: async () => (await import('@unnoise/scheduler-sde-vp')).ScoreSdeVpScheduler,
  TCDScheduler: async () => (await import('@unnoise/scheduler-tcd')).TCDScheduler,
  UnCLIPScheduler: async () => (await import('@unnoise/scheduler-unclip')).UnCLIPScheduler,
  UniPCMultistepScheduler: async () => (await import('@unnoise/scheduler-unipc-multistep')).UniPCMultistepScheduler,
  VQDiffusionScheduler: async () => (await import('@unnoise/scheduler-vq-diffusion')).VQDiffusionScheduler,
};
