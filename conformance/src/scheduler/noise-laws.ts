// The law of addNoise: linear in the sample and in the noise, and nothing at sigma 0.

import type { SchedulerMixin, Tensor } from '@unnoise/core';
import type { Check } from '../check.ts';
import { STEP, largest } from '../tolerances.ts';
import { seen } from './drive.ts';
import type { Given } from './law.ts';
import { disposeInputs, startRun } from './specimen.ts';

export async function addNoise({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  scheduler.setTimesteps(specimen.request);
  const { plan } = startRun(scheduler, specimen, 1);
  const inputs = await specimen.inputs(backend, 0);
  try {
    const { x } = inputs;
    const t = plan.timesteps[specimen.first] ?? 0;
    if (!plan.noiseLevel || x.dtype !== 'float32') {
      await check.throws(() => scheduler.addNoise(x, x, t), ['OP_UNSUPPORTED', 'DTYPE_UNSUPPORTED'], 'addNoise');
      return;
    }
    await linearNoising(scheduler, x, t, check);
    if (plan.indexOf && plan.sigmas && plan.sigmas[plan.timesteps.length] === 0)
      await noiselessEnd(scheduler, x, t, plan.timesteps.length, check);
  } finally {
    disposeInputs(inputs);
  }
}

/** addNoise(x, n) = addNoise(x, 0) + addNoise(0, n). */
async function linearNoising(scheduler: SchedulerMixin, x: Tensor, t: number, check: Check): Promise<void> {
  const [noise, zero] = [x.mul(-0.7).add(0.1), x.mul(0)];
  await noise.realize();
  await zero.realize();
  const parts = [
    await scheduler.addNoise(x, noise, t),
    await scheduler.addNoise(x, zero, t),
    await scheduler.addNoise(zero, noise, t),
  ];
  const [both, signal, rest] = [await seen(parts[0]!), await seen(parts[1]!), await seen(parts[2]!)];
  for (const one of [...parts, noise, zero]) one.dispose();
  check.close(
    both.values,
    signal.values.map((value, i) => value + rest.values[i]!),
    STEP * largest(both.values),
    'addNoise of a sum',
  );
}

async function noiselessEnd(scheduler: SchedulerMixin, x: Tensor, t: number, end: number, check: Check): Promise<void> {
  scheduler.setBeginIndex(end);
  const noised = await scheduler.addNoise(x, x, t);
  const values = (await seen(noised)).values;
  noised.dispose();
  check.close(values, (await seen(x)).values, 0, 'a sample noised to sigma 0');
}
