// Laws of configs in a program that has no registry, as bundles are that register nothing.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { setWarningHandler } from '../../src/warn.ts';
import { installedRegistry, REGISTRY_KEY } from '../../src/scheduler/installed.ts';
import { KARRAS_COMPATIBLES } from '../../src/scheduler/karras.ts';
import { SchedulerMixin } from '../../src/scheduler/scheduler.ts';
import type { Plan, StepResult } from '../../src/scheduler/types.ts';

class Toy extends SchedulerMixin {
  static override readonly className = 'DDIMScheduler';
  static override readonly compatibles = KARRAS_COMPATIBLES;

  protected override plan(): Plan<unknown> {
    return { timesteps: [], initNoiseSigma: 1, row: () => undefined };
  }

  protected override rule(): StepResult {
    throw new Error('no step is taken');
  }
}

const shared = globalThis as { [REGISTRY_KEY]?: unknown };
const registry = shared[REGISTRY_KEY];

beforeEach(() => void delete shared[REGISTRY_KEY]);
afterEach(() => {
  setWarningHandler();
  if (registry) shared[REGISTRY_KEY] = registry;
});

it('keys of no class warn as soon as the keys of the others are loaded, and those of the others never do', async () => {
  const warn = vi.fn<(message: string) => void>();
  setWarningHandler(warn);
  expect(installedRegistry()).toBeUndefined();
  Toy.fromConfig({ _class_name: 'EulerDiscreteScheduler', timestep_type: 'discrete' });
  Toy.fromConfig({ _class_name: 'LCMScheduler', original_inference_steps: 50 });
  Toy.fromConfig({ _class_name: 'EulerDiscreteScheduler', beta_strat: 0.1 });
  await vi.waitFor(() => expect(warn).toHaveBeenCalled());
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/^DDIMScheduler does not use beta_strat;/)]]);
});
