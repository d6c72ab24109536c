// Sample and noise combined with one pair of coefficients per batch item: addNoise and getVelocity.

import { DiffusionError } from '../errors.ts';
import type { Tensor } from '../tensor/index.ts';
import { realizeStep, tensor } from '../tensor/index.ts';
import type { NoiseLevel } from './types.ts';

/** a * x + b * noise with [a, b] from each level; realised. One level serves the whole batch. */
export async function blend(
  x: Tensor,
  noise: Tensor,
  levels: readonly NoiseLevel[],
  pair: (level: NoiseLevel) => readonly [number, number],
): Promise<Tensor> {
  const pairs = levels.map(pair);
  if (!pairs.flat().every(Number.isFinite)) throw noLevel(levels);
  const [first] = pairs;
  if (!first || (pairs.length !== 1 && pairs.length !== x.shape[0])) throw wrongCount(levels.length, x.shape);
  const same = pairs.every(([a, b]) => a === first[0] && b === first[1]);
  const result = same ? x.mul(first[0]).add(noise.mul(first[1])) : perItem(x, pairs, 0).add(perItem(noise, pairs, 1));
  const out = result.dtype === x.dtype ? result : result.cast(x.dtype);
  await realizeStep([out]);
  return out;
}

/** x with item i of the batch multiplied by its own coefficient. */
function perItem(x: Tensor, pairs: readonly (readonly [number, number])[], which: 0 | 1): Tensor {
  const shape = [pairs.length, ...x.shape.slice(1).map(() => 1)];
  return x.mul(
    tensor(
      Float64Array.from(pairs, (pair) => pair[which]),
      shape,
    ),
  );
}

/** A begin index behind the schedule, or a level that divides by zero. */
function noLevel(levels: readonly NoiseLevel[]): DiffusionError {
  const text = levels.map(({ signal, noise }) => `${signal} and ${noise}`).join(', ');
  const message = `Signal and noise at these timesteps are ${text}. Check the begin index and the timesteps against the schedule.`;
  return new DiffusionError('NUMERIC', message, { levels });
}

function wrongCount(count: number, shape: readonly number[]): DiffusionError {
  return new DiffusionError(
    'SHAPE_MISMATCH',
    `${count} timesteps for a batch of ${shape[0]} (shape [${shape}]). Give one timestep, or one per batch item.`,
    { count, shape },
  );
}
