// Names that exist beyond what is installed: upstream's classes and k-diffusion's samplers, and the package that has each, if one has.

import { DiffusionError } from '../errors.ts';

/** Upstream's classes by the middle of their module name; the package is `@unnoise/scheduler-` and that name. */
const MODULES = `Amused:amused CMStochasticIterative:consistency-models CogVideoXDDIM:ddim-cogvideox CogVideoXDPM:dpm-cogvideox
ConsistencyDecoder:consistency-decoder CosineDPMSolverMultistep:cosine-dpmsolver-multistep DDIM:ddim DDIMInverse:ddim-inverse
DDIMParallel:ddim-parallel DDPM:ddpm DDPMParallel:ddpm-parallel DDPMWuerstchen:ddpm-wuerstchen DEISMultistep:deis-multistep
DPMSolverMultistep:dpmsolver-multistep DPMSolverMultistepInverse:dpmsolver-multistep-inverse DPMSolverSDE:dpmsolver-sde
DPMSolverSinglestep:dpmsolver-singlestep EDMDPMSolverMultistep:edm-dpmsolver-multistep EDMEuler:edm-euler
EulerAncestralDiscrete:euler-ancestral-discrete EulerDiscrete:euler-discrete FlowMatchEulerDiscrete:flow-match-euler-discrete
FlowMatchHeunDiscrete:flow-match-heun-discrete FlowMatchLCM:flow-match-lcm HeunDiscrete:heun-discrete IPNDM:ipndm
KarrasVe:karras-ve KDPM2AncestralDiscrete:k-dpm-2-ancestral-discrete KDPM2Discrete:k-dpm-2-discrete LCM:lcm
LMSDiscrete:lms-discrete LTXEulerAncestralRF:ltx-euler-ancestral-rf PNDM:pndm RePaint:repaint SASolver:sasolver SCM:scm
ScoreSdeVe:sde-ve ScoreSdeVp:sde-vp TCD:tcd UnCLIP:unclip UniPCMultistep:unipc-multistep VQDiffusion:vq-diffusion`;

/** Those of upstream that no package here has. */
const ABSENT =
  'BlockRefinement DiscreteDDIM EntropyBound FlowMapEulerDiscrete Helios HeliosDMD MiniMaxH3 Piflow RFD4Proteina';

/** The samplers of k-diffusion, and Restart, which is made of its parts: upstream does not have them. In the same way. */
const K_SAMPLERS = `DPMAdaptive:dpm-adaptive DPMFast:dpm-fast DPMPP2SAncestral:dpmpp-2s-ancestral DPMPP3MSDE:dpmpp-3m-sde
Restart:restart`;

const PACKAGES: Readonly<Record<string, string>> = Object.fromEntries(
  `${MODULES} ${K_SAMPLERS}`.split(/\s+/).map((entry) => {
    const [name, module] = entry.split(':');
    return [`${name}Scheduler`, `@unnoise/scheduler-${module}`];
  }),
);

const UPSTREAM_ONLY: readonly string[] = ABSENT.split(' ').map((name) => `${name}Scheduler`);

/** The package that has a scheduler, by its `_class_name`; undefined for a name that is not known, and where no package has it. */
export function packageOf(className: string): string | undefined {
  return Object.hasOwn(PACKAGES, className) ? PACKAGES[className] : undefined;
}

/** The `_class_name` of every scheduler that upstream has, and of k-diffusion's other samplers, installed or not. */
export function knownSchedulers(): readonly string[] {
  return [...Object.keys(PACKAGES), ...UPSTREAM_ONLY];
}

/** The error for a class that is not registered: says which package to install where there is one. */
export function unknownScheduler(className: string, registered: readonly string[]): DiffusionError {
  const name = packageOf(className);
  const advice = name ? `Run "npm install ${name}" and import "${name}/register".` : withoutPackage(className);
  const have = registered.length > 0 ? registered.join(', ') : 'none';
  return new DiffusionError('SCHEDULER_UNKNOWN', `${className} is not registered (registered: ${have}). ${advice}`, {
    className,
    package: name,
    registered,
  });
}

const withoutPackage = (className: string): string =>
  UPSTREAM_ONLY.includes(className)
    ? 'diffusers has it and unnoise does not: take another class for this model, or register your own with registry.add().'
    : 'No package of that name is known: check _class_name, or register your own class with registry.add().';
