// The names by which AUTOMATIC1111, ComfyUI and k-diffusion call samplers, as class and config. Their schedules: sigma-schedules.ts.

import type { ConfigObject } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { SIGMA_SCHEDULES } from './sigma-schedules.ts';

export interface NamedSampler {
  /** As AUTOMATIC1111 writes it, schedule included. */
  readonly name: string;
  readonly className: string;
  /** What to set on top of the model's config. */
  readonly config: ConfigObject;
  /** Where this differs from diffusers' own table of names, and why. */
  readonly note?: string;
}

/** A line of the table; the guide prints it. */
export interface Row {
  readonly name: string;
  /** As other programs write it. */
  readonly also: readonly string[];
  readonly className: string;
  readonly config?: ConfigObject;
  readonly note?: string;
}

const DPM_PLUS_PLUS = { algorithm_type: 'dpmsolver++', solver_order: 2, solver_type: 'midpoint' };
const DPM_SDE = { ...DPM_PLUS_PLUS, algorithm_type: 'sde-dpmsolver++' };
const ABSENT = 'diffusers has no counterpart';

const row = (name: string, also: string, className: string, config?: ConfigObject, note?: string): Row => ({
  name,
  also: also.split(' '),
  className,
  ...(config && { config }),
  ...(note && { note }),
});

export const ROWS: readonly Row[] = [
  row('Euler', 'euler', 'EulerDiscreteScheduler'),
  row('Euler a', 'euler_ancestral', 'EulerAncestralDiscreteScheduler'),
  row('LMS', 'lms', 'LMSDiscreteScheduler'),
  row('Heun', 'heun', 'HeunDiscreteScheduler'),
  row('DPM2', 'dpm_2', 'KDPM2DiscreteScheduler'),
  row('DPM2 a', 'dpm_2_ancestral', 'KDPM2AncestralDiscreteScheduler'),
  row('DPM++ 2M', 'dpmpp_2m', 'DPMSolverMultistepScheduler', DPM_PLUS_PLUS),
  row('DPM++ 2M SDE', 'dpmpp_2m_sde', 'DPMSolverMultistepScheduler', DPM_SDE),
  row('DPM++ 2M SDE Heun', 'dpmpp_2m_sde_heun', 'DPMSolverMultistepScheduler', { ...DPM_SDE, solver_type: 'heun' }),
  row(
    'DPM++ SDE',
    'dpmpp_sde',
    'DPMSolverSDEScheduler',
    {},
    "diffusers' table names DPMSolverSinglestepScheduler; the port of k-diffusion's sample_dpmpp_sde is DPMSolverSDEScheduler",
  ),
  row('DPM++ 2S a', 'dpmpp_2s_ancestral', 'DPMPP2SAncestralScheduler', {}, ABSENT),
  row('DPM++ 3M SDE', 'dpmpp_3m_sde', 'DPMPP3MSDEScheduler', {}, ABSENT),
  row('DPM fast', 'dpm_fast', 'DPMFastScheduler', {}, ABSENT),
  row('DPM adaptive', 'dpm_adaptive', 'DPMAdaptiveScheduler', {}, ABSENT),
  row('Restart', 'restart', 'RestartScheduler', SIGMA_SCHEDULES['karras'], ABSENT),
  row('DDIM', 'ddim', 'DDIMScheduler'),
  row('DDPM', 'ddpm', 'DDPMScheduler'),
  row('PLMS', 'plms pndm', 'PNDMScheduler', { skip_prk_steps: true }),
  row('UniPC', 'unipc uni_pc_bh2', 'UniPCMultistepScheduler'),
  row(
    'UniPC bh1',
    'uni_pc',
    'UniPCMultistepScheduler',
    { solver_type: 'bh1', final_sigmas_type: 'sigma_min' },
    'bh1 cannot go to sigma 0 (diffusers gives NaN there), so the last level is the smallest trained one',
  ),
  row('DEIS', 'deis', 'DEISMultistepScheduler'),
  row('IPNDM', 'ipndm', 'IPNDMScheduler'),
  row('LCM', 'lcm', 'LCMScheduler'),
  row('TCD', 'tcd', 'TCDScheduler'),
];

/** "DPM++ 2M Karras", "sample_dpmpp_2m_karras" and "k_dpmpp_2m_karras_gpu" alike. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll('++', 'pp')
    .replace(/^\s*(sample_|k_)/, '')
    .replace(/_gpu$/, '')
    .replace(/[^a-z0-9]/g, '');

const SAMPLERS: ReadonlyMap<string, Row> = new Map(
  ROWS.flatMap((each) => [each.name, ...each.also].map((name) => [plain(name), each] as const)),
);
const SCHEDULES = Object.keys(SIGMA_SCHEDULES);
const title = (schedule: string): string =>
  schedule.replace(/\b(sgm|ddim)\b/, (word) => word.toUpperCase()).replace(/\b[a-z]/g, (c) => c.toUpperCase());

/** The sampler names, without schedules, as AUTOMATIC1111 writes them. */
export const samplerNames: readonly string[] = ROWS.map(({ name }) => name);

/**
 * Class and config of a sampler's name, which may end in a schedule ("DPM++ 2M Karras"); or the schedule is given beside it, as
 * ComfyUI does.
 * @throws DiffusionError SCHEDULER_UNKNOWN for a name that no table has.
 */
export function samplerFromName(name: string, schedule?: string): NamedSampler {
  const wanted = plain(name);
  const exact = SAMPLERS.get(wanted);
  if (exact) return named(exact, schedule && scheduleNamed(schedule));
  const ending = SCHEDULES.find(
    (each) => wanted.endsWith(plain(each)) && SAMPLERS.has(wanted.slice(0, -plain(each).length)),
  );
  const found = ending && SAMPLERS.get(wanted.slice(0, -plain(ending).length));
  if (found && schedule === undefined) return named(found, ending);
  const message = found
    ? `"${name}" names a schedule already, and "${schedule}" was given beside it. Give one.`
    : `No sampler is called "${name}". Known: ${samplerNames.join(', ')}; each may be followed by ${SCHEDULES.map(title).join(', ')}.`;
  throw new DiffusionError(found ? 'REQUEST_INVALID' : 'SCHEDULER_UNKNOWN', message, { name, schedule });
}

function scheduleNamed(schedule: string): string {
  const found = SCHEDULES.find((each) => plain(each) === plain(schedule));
  if (found) return found;
  const message = `No sigma schedule is called "${schedule}". Known: ${SCHEDULES.map(title).join(', ')}.`;
  throw new DiffusionError('SCHEDULER_UNKNOWN', message, { schedule });
}

function named({ name, className, config = {}, note }: Row, schedule = 'automatic'): NamedSampler {
  const whole = schedule === 'automatic' ? name : `${name} ${title(schedule)}`;
  return { name: whole, className, config: { ...config, ...SIGMA_SCHEDULES[schedule] }, ...(note && { note }) };
}
