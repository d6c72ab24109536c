// What a user's program does: two schedulers on the CPU backend, no framework. Installed from tarballs, type-checked, run everywhere.
import '@unnoise/backend-cpu/register';
import '@unnoise/scheduler-euler-discrete/register';
import { isDiffusionError, registry, tensor, torchGenerator } from '@unnoise/core';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';

const scheduler = new EulerDiscreteScheduler({ beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 });
scheduler.setTimesteps(5);
const noise = torchGenerator(0).normal([1, 4, 8, 8]);
let x = tensor(noise, [1, 4, 8, 8]).mul(scheduler.initNoiseSigma);
for (const timestep of scheduler.timesteps) {
  const input = await scheduler.scaleModelInput(x, timestep);
  const { prevSample } = await scheduler.step(input.mul(0.5), timestep, x);
  x = prevSample;
}
const bytes = new Uint8Array(new Float32Array(await x.data()).buffer);
const digest = await crypto.subtle.digest('SHA-256', bytes);
const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

let refused = false;
try {
  await scheduler.step(x, 1, x);
} catch (error) {
  refused = isDiffusionError(error, 'RUN_EXHAUSTED');
}
console.log(`${registry.names().join()} ${refused} ${hash}`);
