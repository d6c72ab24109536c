// The coefficients of a step as text: the rule is run on named leaves instead of data, so what is printed is what is computed.

import { DiffusionError } from '../errors.ts';
import { describe, realizeStep, tensor } from '../tensor/index.ts';
import type { Tensor } from '../tensor/index.ts';
import type { Shape } from '../tensor/types.ts';
import type { Plan, StepContext, StepOptions, StepResult } from './types.ts';

export interface ExplainOptions extends StepOptions {
  /** Shape of the sample; only its rank and channels matter. Default [1, 4, 2, 2]. */
  readonly shape?: Shape;
  /** Shape of the model's output, where it differs (learned variances). */
  readonly outputShape?: Shape;
  /** How many earlier outputs the step may use; default: as many as the position allows, up to 3. */
  readonly history?: number;
}

/** One line per output: `prevSample = 0.98*sample - 0.12*modelOutput`. Throws REQUEST_INVALID for a step that the schedule does not have. */
export async function explainStep<K>(
  plan: Plan<K>,
  index: number,
  rule: (context: StepContext<K>) => StepResult<K> | Promise<StepResult<K>>,
  { shape = [1, 4, 2, 2], outputShape = shape, history = Math.min(index, 3), ...options }: ExplainOptions,
): Promise<string> {
  const names = new Map<Tensor, string>();
  const leaf = (name: string, size: Shape): Tensor => {
    const value = tensor(new Float32Array(size.reduce((a, b) => a * b, 1)), size);
    names.set(value, name);
    return value;
  };
  const timestep = plan.timesteps[index] ?? noStep(index, plan.timesteps.length);
  const carry = Array.from({ length: history }, (_, i) => leaf(`carry${i}`, shape));
  const result = await rule({
    k: plan.row(index, timestep),
    plan,
    index,
    next: plan.timesteps[index + 1],
    x: leaf('sample', shape),
    out: leaf('modelOutput', outputShape),
    carry,
    options,
    normal: (size = outputShape) => leaf('noise', size),
    normalBetween: () => leaf('noise', outputShape),
    uniform: (size) => leaf('uniform', size),
    host: async (value) => {
      await realizeStep([value]);
      return value.data();
    },
  });
  return lines(index, timestep, result, names);
}

function noStep(index: number, length: number): never {
  const message = `There is no step ${index} to explain: the schedule has ${length}, counted from 0.`;
  throw new DiffusionError('REQUEST_INVALID', message, { index, length });
}

function lines(
  index: number,
  timestep: number,
  { prev, x0, carry = [] }: StepResult<unknown>,
  names: ReadonlyMap<Tensor, string>,
): string {
  const fresh = carry.filter((tensor) => tensor !== x0 && !names.has(tensor));
  return [
    `step ${index}, timestep ${timestep}`,
    `prevSample = ${describe(prev, names)}`,
    ...(x0 ? [`predOriginalSample = ${describe(x0, names)}`] : []),
    ...fresh.map((tensor, i) => `carry${i} = ${describe(tensor, names)}`),
  ].join('\n');
}
