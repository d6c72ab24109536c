// The names by which people call schedulers: classes, packages, short names, and the samplers of other programs.

import type { ConfigObject } from '@unnoise/core';
import { DiffusionError, isDiffusionError, knownSchedulers, packageOf, registry } from '@unnoise/core';
import { samplerFromName } from '@unnoise/schedulers';
import { UsageError } from './errors.ts';
import { registerIfPresent } from './installed.ts';

/** A class that is registered, and what its name says beyond the class. */
export interface NamedScheduler {
  readonly className: string;
  /** What to set on top of the model's config. */
  readonly config: ConfigObject;
  /** As AUTOMATIC1111 writes it, where that is how it was called. */
  readonly sampler?: string;
}

/** Short names that do not follow from the package. */
const SHORT: Readonly<Record<string, string>> = {
  EulerDiscreteScheduler: 'euler',
  EulerAncestralDiscreteScheduler: 'euler-a',
  HeunDiscreteScheduler: 'heun',
  LMSDiscreteScheduler: 'lms',
  DPMSolverMultistepScheduler: 'dpm++',
  DPMSolverSDEScheduler: 'dpm++sde',
  KDPM2DiscreteScheduler: 'dpm2',
  KDPM2AncestralDiscreteScheduler: 'dpm2-a',
  UniPCMultistepScheduler: 'unipc',
  DEISMultistepScheduler: 'deis',
  FlowMatchEulerDiscreteScheduler: 'flow',
  VQDiffusionScheduler: 'vq',
};

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/scheduler$/, '')
    .replaceAll('++', 'pp')
    .replace(/[^a-z0-9]/g, '');

const slug = (className: string): string | undefined => packageOf(className)?.replace('@unnoise/scheduler-', '');

/** Ours where there is one, else the end of the package's name. */
export const shortName = (className: string): string =>
  (Object.hasOwn(SHORT, className) ? SHORT[className] : slug(className)) ?? className;

function classNamed(name: string): string | undefined {
  const wanted = plain(name);
  const all = [...new Set([...registry.names(), ...knownSchedulers()])];
  return all.find((each) => [each, shortName(each), slug(each) ?? each].some((one) => plain(one) === wanted));
}

function samplerNamed(name: string): NamedScheduler | undefined {
  try {
    const { name: sampler, className, config } = samplerFromName(name);
    return { className, config, sampler };
  } catch (error) {
    if (isDiffusionError(error, 'SCHEDULER_UNKNOWN')) return undefined;
    throw error;
  }
}

/**
 * What a name means, its class registered.
 * @throws UsageError for an unknown name; SCHEDULER_UNKNOWN for a class that only diffusers has.
 */
export async function schedulerNamed(name: string): Promise<NamedScheduler> {
  const className = classNamed(name);
  const found = className === undefined ? samplerNamed(name) : { className, config: {} };
  if (!found)
    throw new UsageError(
      `there is no scheduler "${name}". unnoise schedulers lists them; samplers like "DPM++ 2M Karras" will do too.`,
    );
  if (await registerIfPresent(found.className)) return found;
  const message = `${found.className} is not available: diffusers has it, unnoise has not. See unnoise schedulers.`;
  throw new DiffusionError('SCHEDULER_UNKNOWN', message, { className: found.className });
}
