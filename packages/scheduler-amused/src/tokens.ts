// From logits to drawn token ids, on the backend up to one read-back: torch.multinomial as a race of exponentials.

import type { Generator, StepContext, Tensor } from '@unnoise/core';
import { DiffusionError, concat, iota, randTensor, tensor, where } from '@unnoise/core';

/** Ids [batch, length], logits [batch, length, codebook]. */
export interface Tokens {
  readonly tokens: Tensor;
  readonly logits: Tensor;
  readonly codebook: number;
}

/** Sequences as they are; pictures [batch, height, width] with logits [batch, codebook, height, width] row by row. Throws SHAPE_MISMATCH. */
export function flattened(x: Tensor, out: Tensor): Tokens {
  const [batch = 0, ...places] = x.shape;
  const length = places.reduce((a, b) => a * b, 1);
  const codebook = (places.length === 2 ? out.shape[1] : out.shape[2]) ?? 0;
  const wanted = places.length === 2 ? [batch, codebook, ...places] : [batch, length, codebook];
  const fits = places.length === 1 || places.length === 2;
  if (x.dtype !== 'int32' || !fits || out.shape.join() !== wanted.join()) throw unfit(x, out);
  if (places.length === 1) return { tokens: x, logits: out, codebook };
  const logits = out.reshape([batch, codebook, length]).transpose([0, 2, 1]);
  return { tokens: x.reshape([batch, length]), logits, codebook };
}

function unfit(x: Tensor, out: Tensor): DiffusionError {
  return new DiffusionError(
    'SHAPE_MISMATCH',
    'AmusedScheduler needs int32 ids [batch, length] with logits [batch, length, codebook], or [batch, height, width] with ' +
      `[batch, codebook, height, width]; got ${x.dtype} [${x.shape}] and [${out.shape}].`,
    { sample: x.shape, modelOutput: out.shape },
  );
}

/** What a step drew, on the host. */
export interface Draw {
  readonly shape: readonly [batch: number, length: number];
  /** The drawn ids where the token was masked, the given ones elsewhere. */
  readonly ids: Int32Array;
  /** Probability of each drawn id. */
  readonly probabilities: Float32Array;
  /** 1 where the token was masked. */
  readonly unknown: Uint8Array;
}

/**
 * Draws every token. argmax(p / e) with standard exponential e is a draw from p, and what torch.multinomial does, so the ids are those of
 * torch. `given`: the ids of the sample. Throws GENERATOR_REQUIRED, and NUMERIC for logits without a distribution.
 */
export async function drawn(
  given: Int32Array,
  logits: Tensor,
  maskId: number,
  generator: Generator | readonly Generator[] | undefined,
  host: StepContext<unknown>['host'],
): Promise<Draw> {
  const [batch = 0, length = 0] = logits.shape;
  const probabilities = softmax(logits);
  const race = probabilities.div(tensor(exponentials(logits.shape, generator), logits.shape));
  const ids = race.argmax(2);
  const chosen = where(iota(logits.shape, 2).eq(ids.unsqueeze(2)), probabilities, 0).sum(2);
  const both = Float32Array.from(await host(concat([ids.cast('float32'), chosen], 0)));
  const [drew, p] = [both.subarray(0, given.length), both.subarray(given.length)];
  if (p.some(Number.isNaN)) throw noDistribution();
  const unknown = Uint8Array.from(given, (id) => Number(id === maskId));
  return {
    shape: [batch, length],
    ids: given.map((id, i) => (unknown[i] ? drew[i]! : id)),
    probabilities: p,
    unknown,
  };
}

function softmax(logits: Tensor): Tensor {
  const powers = logits.cast('float32').sub(logits.cast('float32').amax(2).unsqueeze(2)).exp();
  return powers.div(powers.sum(2).unsqueeze(2));
}

/** Standard exponential numbers as torch draws them: -ln(1 - u) of a float64 u. */
function exponentials(shape: readonly number[], generator: Generator | readonly Generator[] | undefined): Float32Array {
  return Float32Array.from(randTensor(shape, generator as Generator, 'float64'), (u) => -Math.log1p(-u));
}

function noDistribution(): DiffusionError {
  const message =
    'AmusedScheduler: a token has no distribution, since its logits are NaN, all -Infinity, or one is Infinity.';
  return new DiffusionError('NUMERIC', message);
}
