// Checks of what a user asks for instead of a plain number of steps.

import { DiffusionError } from '../errors.ts';

/** The one key of `choices` that the request has. Throws REQUEST_INVALID where it has none or several. */
export function exactlyOne<K extends string>(request: { readonly [key in K]?: unknown }, choices: readonly K[]): K {
  const given = choices.filter((key) => request[key] !== undefined);
  const [only] = given;
  if (only && given.length === 1) return only;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `Give exactly one of ${choices.join(', ')}; got ${given.join(' and ') || 'none'}.`,
    { given, choices },
  );
}

/**
 * Custom timesteps as integers. Throws REQUEST_INVALID unless they are strictly descending and start below `trainSteps`
 * (DDPM, LCM, TCD, consistency models).
 */
export function descendingTimesteps(timesteps: readonly number[], trainSteps: number): Int32Array {
  const [first = trainSteps] = timesteps;
  const bad = timesteps.findIndex((timestep, i) => i > 0 && timestep >= (timesteps[i - 1] ?? Infinity));
  if (bad >= 0) {
    const pair = `${timesteps[bad - 1]}, ${timesteps[bad]}`;
    throw new DiffusionError('REQUEST_INVALID', `timesteps must descend; entries ${bad - 1} and ${bad} are ${pair}.`, {
      index: bad,
    });
  }
  if (!(first < trainSteps)) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `timesteps must start below num_train_timesteps = ${trainSteps}; the first is ${timesteps[0]}.`,
      { first },
    );
  }
  return Int32Array.from(timesteps, Math.trunc);
}
