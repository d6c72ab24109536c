// The names by which people call schedulers, and the class names they mean.

import { DiffusionError, knownSchedulers, packageOf, registry } from '@unnoise/core';
import { UsageError } from './errors.ts';
import { registerIfInstalled } from './installed.ts';

/** Names that do not follow from the class or the package. */
const SHORT: Readonly<Record<string, string>> = {
  euler: 'EulerDiscreteScheduler',
  eulera: 'EulerAncestralDiscreteScheduler',
  heun: 'HeunDiscreteScheduler',
  lms: 'LMSDiscreteScheduler',
  'dpm++': 'DPMSolverMultistepScheduler',
  'dpm++2m': 'DPMSolverMultistepScheduler',
  dpmpp: 'DPMSolverMultistepScheduler',
  dpmpp2m: 'DPMSolverMultistepScheduler',
  'dpm++sde': 'DPMSolverSDEScheduler',
  dpm2: 'KDPM2DiscreteScheduler',
  dpm2a: 'KDPM2AncestralDiscreteScheduler',
  plms: 'PNDMScheduler',
  unipc: 'UniPCMultistepScheduler',
  deis: 'DEISMultistepScheduler',
  flow: 'FlowMatchEulerDiscreteScheduler',
  vq: 'VQDiffusionScheduler',
};

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/scheduler$/, '')
    .replace(/[^a-z0-9+]/g, '');

/** The first short name of a class: ours where there is one, else the end of its package's name. */
export function shortName(className: string): string {
  const own = Object.entries(SHORT).find(([, meant]) => meant === className)?.[0];
  return own ?? packageOf(className)?.replace('@unnoise/scheduler-', '') ?? className;
}

function meant(name: string): string | undefined {
  const wanted = plain(name);
  const all = [...new Set([...registry.names(), ...knownSchedulers()])];
  return (
    all.find(
      (className) =>
        plain(className) === wanted || plain(shortName(className)) === wanted || slug(className) === wanted,
    ) ?? short(wanted)
  );
}

const short = (wanted: string): string | undefined => (Object.hasOwn(SHORT, wanted) ? SHORT[wanted] : undefined);

const slug = (className: string): string =>
  plain(packageOf(className)?.replace('@unnoise/scheduler-', '') ?? className);

/** The registered class name behind a name. @throws UsageError for an unknown one; SCHEDULER_UNKNOWN for one that is not installed. */
export async function schedulerNamed(name: string): Promise<string> {
  const className = meant(name);
  if (className && (await registerIfInstalled(className))) return className;
  const installed = registry.names().map(shortName).join(', ');
  if (!className)
    throw new UsageError(`there is no scheduler "${name}". Installed: ${installed}. All known: unnoise schedulers.`);
  const home = packageOf(className);
  const message = `${className} is not installed. Run "npm install ${home}". Installed: ${installed}.`;
  throw new DiffusionError('SCHEDULER_UNKNOWN', message, { className, package: home });
}
