// The suite in a test runner, on the recorded runs, and what the method promises beyond them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileGoldens, testScheduler } from '@unnoise/conformance';
import { tensor } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { GradientEstimationScheduler } from './gradient-estimation.js';

const golden = fileGoldens(new URL('golden', import.meta.url));
testScheduler({ scheduler: GradientEstimationScheduler, golden }, { describe, it });

describe('gradient estimation', () => {
  for (const gamma of [1, 1.6, 2]) {
    it(`with gamma ${gamma} is exact where all data are one point: eps never changes`, async () => {
      const scheduler = new GradientEstimationScheduler({ gamma }, { backend: createReferenceBackend() });
      scheduler.setTimesteps(5);
      const { timesteps, sigmas } = scheduler;
      const [point, eps] = [0.5, -1.25];
      const out = tensor([eps], [1]);
      // the start is rounded to float32, half a unit in the last place of 196; every error after that stays as it is
      let x = tensor([point + sigmas[0] * eps], [1]);
      for (const timestep of timesteps) x = (await scheduler.step(out, timestep, x)).prevSample;
      const [end] = await x.data();
      assert.ok(Math.abs(end - (point + sigmas.at(-1) * eps)) < 1e-5, `ended at ${end}`);
    });
  }

  it('refuses a count of steps that the training schedule does not have', () => {
    const scheduler = new GradientEstimationScheduler({});
    for (const numInferenceSteps of [0, 2.5, 1001])
      assert.throws(() => scheduler.start({ numInferenceSteps }), { code: 'REQUEST_INVALID' });
  });
});
