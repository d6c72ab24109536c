import { isDiffusionError } from '@unnoise/core';
import {
  createSampler,
  fromPretrained,
  loadScheduler,
  registerAll,
  samplerFromName,
  samplerNames,
  schedulers,
  SIGMA_SCHEDULES,
} from '@unnoise/schedulers';
import { describe, expect, it } from 'vitest';

// What has no default.
const REQUIRED: Readonly<Record<string, object>> = {
  AmusedScheduler: { mask_token_id: 9 },
  VQDiffusionScheduler: { num_vec_classes: 10 },
};

const code = (act: () => unknown): string | undefined => {
  try {
    act();
  } catch (error) {
    return isDiffusionError(error) ? error.code : String(error);
  }
  return undefined;
};

describe('names of samplers', () => {
  it.each([
    ['DPM++ 2M Karras', 'DPMSolverMultistepScheduler', { algorithm_type: 'dpmsolver++', use_karras_sigmas: true }],
    ['dpmpp_2m_karras', 'DPMSolverMultistepScheduler', { algorithm_type: 'dpmsolver++', use_karras_sigmas: true }],
    ['sample_dpmpp_2m', 'DPMSolverMultistepScheduler', { algorithm_type: 'dpmsolver++' }],
    ['k_dpmpp_2m_sde_gpu', 'DPMSolverMultistepScheduler', { algorithm_type: 'sde-dpmsolver++' }],
    [
      'DPM++ 2M SDE Exponential',
      'DPMSolverMultistepScheduler',
      { algorithm_type: 'sde-dpmsolver++', use_exponential_sigmas: true },
    ],
    ['DPM++ SDE Karras', 'DPMSolverSDEScheduler', { use_karras_sigmas: true }],
    ['Euler a', 'EulerAncestralDiscreteScheduler', {}],
    ['euler_ancestral', 'EulerAncestralDiscreteScheduler', {}],
    ['Euler SGM Uniform', 'EulerDiscreteScheduler', { timestep_spacing: 'trailing', use_karras_sigmas: false }],
    ['uni_pc', 'UniPCMultistepScheduler', { solver_type: 'bh1' }],
    ['PLMS', 'PNDMScheduler', { skip_prk_steps: true }],
    ['Restart', 'RestartScheduler', { use_karras_sigmas: true, use_exponential_sigmas: false }],
    ['Restart Exponential', 'RestartScheduler', { use_karras_sigmas: false, use_exponential_sigmas: true }],
  ])('%s is %s', (name, className, config) => {
    const sampler = samplerFromName(name);
    expect(sampler.className).toBe(className);
    expect(sampler.config).toMatchObject(config);
  });

  it('a schedule beside the name and one at its end are the same', () => {
    expect(samplerFromName('dpmpp_2m', 'karras')).toEqual(samplerFromName('DPM++ 2M Karras'));
    expect(samplerFromName('heun', 'sgm_uniform')).toEqual(samplerFromName('Heun SGM Uniform'));
  });

  it('the row that diffusers has wrong says so', () => {
    expect(samplerFromName('DPM++ SDE').note).toContain('DPMSolverSinglestepScheduler');
  });

  it('every name and every schedule resolve to a class that is here', () => {
    for (const name of samplerNames)
      for (const schedule of Object.keys(SIGMA_SCHEDULES))
        expect(Object.keys(schedulers)).toContain(samplerFromName(name, schedule).className);
  });

  it('what no table has, and a schedule given twice, are errors', () => {
    expect(code(() => samplerFromName('DPM++ 9M'))).toBe('SCHEDULER_UNKNOWN');
    expect(code(() => samplerFromName('Euler', 'zigzag'))).toBe('SCHEDULER_UNKNOWN');
    expect(code(() => samplerFromName('Heun Karras', 'beta'))).toBe('REQUEST_INVALID');
  });
});

describe('schedulers by name', () => {
  it('a config of any class gives that class', async () => {
    for (const className of Object.keys(schedulers)) {
      const scheduler = await fromPretrained({ _class_name: className, ...REQUIRED[className] });
      expect(scheduler.class.className).toBe(className);
    }
  });

  it('a named sampler keeps what the model was trained with', async () => {
    const { config } = await createSampler('DPM++ 2M Karras', { _class_name: 'PNDMScheduler', beta_end: 0.012 });
    expect(config).toMatchObject({ beta_end: 0.012, use_karras_sigmas: true, solver_order: 2 });
  });

  it('all of them are registered under their names', async () => {
    const all = await registerAll();
    expect(all.map(({ className }) => className)).toEqual(Object.keys(schedulers));
  });

  it('an unknown class is an error that says what is known', async () => {
    await expect(loadScheduler('NoScheduler')).rejects.toMatchObject({ code: 'SCHEDULER_UNKNOWN' });
    await expect(fromPretrained({ beta_end: 0.02 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
