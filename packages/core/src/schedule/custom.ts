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

/**
 * Custom sigmas, the level of the result being the last. Throws REQUEST_INVALID unless these are at least two levels below `top`, each
 * lower than the one before, down to 0 at most.
 */
export function descendingSigmas(sigmas: readonly number[], top: number = Infinity): readonly number[] {
  const bad = sigmas.findIndex((sigma, i) => !(sigma >= 0 && sigma < (sigmas[i - 1] ?? top)));
  if (bad < 0 && sigmas.length > 1) return sigmas;
  const what =
    bad < 0 ? `has ${sigmas.length} entries` : `has ${sigmas[bad]} at ${bad} after ${sigmas[bad - 1] ?? 'nothing'}`;
  const message = `sigmas ${what}. Give at least two below ${top}, descending, the last being the level of the result: 0, or a positive one.`;
  throw new DiffusionError('REQUEST_INVALID', message, { sigmas });
}
