// What is compared: every scheduler that draws pictures, under the name people know it by; `page.ts` says which are no rows, and why.

import type { ConfigObject, SchedulerClass } from '@unnoise/core';
import { CosineDPMSolverMultistepScheduler } from '@unnoise/scheduler-cosine-dpmsolver-multistep';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { DDPMScheduler } from '@unnoise/scheduler-ddpm';
import { DEISMultistepScheduler } from '@unnoise/scheduler-deis-multistep';
import { DPMSolverMultistepScheduler } from '@unnoise/scheduler-dpmsolver-multistep';
import { DPMFastScheduler } from '@unnoise/scheduler-dpm-fast';
import { DPMPP2SAncestralScheduler } from '@unnoise/scheduler-dpmpp-2s-ancestral';
import { DPMPP3MSDEScheduler } from '@unnoise/scheduler-dpmpp-3m-sde';
import { DPMSolverSDEScheduler } from '@unnoise/scheduler-dpmsolver-sde';
import { DPMSolverSinglestepScheduler } from '@unnoise/scheduler-dpmsolver-singlestep';
import { EDMDPMSolverMultistepScheduler } from '@unnoise/scheduler-edm-dpmsolver-multistep';
import { EDMEulerScheduler } from '@unnoise/scheduler-edm-euler';
import { EulerAncestralDiscreteScheduler } from '@unnoise/scheduler-euler-ancestral-discrete';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { FlowMatchEulerDiscreteScheduler } from '@unnoise/scheduler-flow-match-euler-discrete';
import { FlowMatchHeunDiscreteScheduler } from '@unnoise/scheduler-flow-match-heun-discrete';
import { HeunDiscreteScheduler } from '@unnoise/scheduler-heun-discrete';
import { IPNDMScheduler } from '@unnoise/scheduler-ipndm';
import { KDPM2AncestralDiscreteScheduler } from '@unnoise/scheduler-k-dpm-2-ancestral-discrete';
import { KDPM2DiscreteScheduler } from '@unnoise/scheduler-k-dpm-2-discrete';
import { LMSDiscreteScheduler } from '@unnoise/scheduler-lms-discrete';
import { LTXEulerAncestralRFScheduler } from '@unnoise/scheduler-ltx-euler-ancestral-rf';
import { PNDMScheduler } from '@unnoise/scheduler-pndm';
import { RestartScheduler } from '@unnoise/scheduler-restart';
import { SASolverScheduler } from '@unnoise/scheduler-sasolver';
import { UniPCMultistepScheduler } from '@unnoise/scheduler-unipc-multistep';
import type { Guest } from './guests.ts';
import { ANGLE, EDM, FLOW } from './guests.ts';

export interface Sampler {
  readonly name: string;
  readonly scheduler: SchedulerClass;
  readonly config?: ConfigObject;
  /** Solves the probability flow ODE, so its pictures have a true solution to be compared with. */
  readonly deterministic: boolean;
  /** For schedulers that are made for networks of another form. */
  readonly guest?: Guest;
  /** Further numbers of model evaluations. */
  readonly also?: readonly number[];
}

const ode = (name: string, scheduler: SchedulerClass, config?: ConfigObject): Sampler => ({
  name,
  scheduler,
  deterministic: true,
  ...(config && { config }),
});
const sde = (name: string, scheduler: SchedulerClass, config?: ConfigObject): Sampler => ({
  ...ode(name, scheduler, config),
  deterministic: false,
});

export const DDIM: Sampler = ode('DDIM', DDIMScheduler);
export const DDPM: Sampler = { ...sde('DDPM', DDPMScheduler), also: [100, 250] };
export const DPM_2M: Sampler = ode('DPM++ 2M', DPMSolverMultistepScheduler);
export const UNIPC: Sampler = ode('UniPC', UniPCMultistepScheduler);

export const SAMPLERS: readonly Sampler[] = [
  UNIPC,
  DPM_2M,
  ode('DPM++ 2M Karras', DPMSolverMultistepScheduler, { use_karras_sigmas: true }),
  sde('DPM++ 2M SDE', DPMSolverMultistepScheduler, { algorithm_type: 'sde-dpmsolver++' }),
  ode('DPM++ 2S', DPMSolverSinglestepScheduler),
  sde('DPM++ 2S a', DPMPP2SAncestralScheduler),
  sde('DPM++ SDE', DPMSolverSDEScheduler),
  sde('DPM++ 3M SDE', DPMPP3MSDEScheduler),
  ode('DPM fast', DPMFastScheduler),
  sde('Restart', RestartScheduler, { use_karras_sigmas: true }),
  sde('SA-Solver', SASolverScheduler),
  ode('DEIS', DEISMultistepScheduler),
  ode('Heun', HeunDiscreteScheduler),
  ode('DPM2', KDPM2DiscreteScheduler),
  sde('DPM2 a', KDPM2AncestralDiscreteScheduler),
  ode('LMS', LMSDiscreteScheduler),
  ode('PNDM', PNDMScheduler, { skip_prk_steps: true }),
  ode('Euler', EulerDiscreteScheduler),
  sde('Euler a', EulerAncestralDiscreteScheduler),
  { ...ode('iPNDM', IPNDMScheduler), guest: ANGLE },
  { ...ode('EDM Euler', EDMEulerScheduler), guest: EDM },
  { ...ode('EDM DPM++ 2M', EDMDPMSolverMultistepScheduler), guest: EDM },
  { ...sde('Cosine DPM++ 2M SDE', CosineDPMSolverMultistepScheduler), guest: EDM },
  { ...ode('Flow Euler', FlowMatchEulerDiscreteScheduler), guest: FLOW },
  { ...ode('Flow Heun', FlowMatchHeunDiscreteScheduler), guest: FLOW },
  { ...sde('LTX Euler a RF', LTXEulerAncestralRFScheduler), guest: FLOW },
  DDIM,
  DDPM,
];
