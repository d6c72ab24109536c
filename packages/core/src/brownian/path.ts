// One path of Brownian motion, any stretch of which can be asked for, in any order, with the same answer: torchsde's
// BrownianInterval with a halfway tree. An interval is halved until the halves end where the question does; what a half gained
// follows from what the whole gained and a normal number of its own seed.

import { DiffusionError } from '../errors.ts';
import { torchGenerator } from '../random/torch-generator.ts';
import { SeedSequence } from './seed-sequence.ts';

/** What a path gains over a stretch of time: one number per element. */
export type Increment = Float32Array | Float64Array;

export interface BrownianPathOptions {
  /** First and last time. */
  readonly start: number;
  readonly end: number;
  /** How many independent motions: the elements of a sample. */
  readonly size: number;
  /** A whole number of at least 0, of any size. */
  readonly seed: number | bigint;
  /** Arithmetic and numbers; default float32. */
  readonly dtype?: 'float32' | 'float64';
}

/** Brownian motion over [start, end], a pure function of its options. */
export interface BrownianPath {
  /**
   * W(to) - W(from) for from < to; the caller's array. As upstream, what lies outside of [start, end] is cut off.
   * Throws NUMERIC for two times less than a millionth apart, which the tree cannot tell from each other (upstream does not return).
   */
  increment(from: number, to: number): Increment;
}

/** torchsde's pool of entropy. */
const POOL = 24;
/** Increments that are remembered; each can be computed anew from those above it. torchsde has as many. */
const REMEMBERED = 45;

/**
 * The path of torchsde.BrownianInterval(start, end, entropy=seed, tol=1e-6, pool_size=24, halfway_tree=True), bit for bit.
 * Throws REQUEST_INVALID for an empty time or a seed that is no seed.
 */
export function brownianPath(options: BrownianPathOptions): BrownianPath {
  const { start, end } = options;
  if (end > start) return new Tree(options);
  throw new DiffusionError('REQUEST_INVALID', `A Brownian path cannot run from ${start} to ${end}. Give start < end.`, {
    start,
    end,
  });
}

/** An interval of the tree. Its halves exist once somebody asked for less than all of it. */
interface Node {
  readonly start: number;
  readonly end: number;
  readonly parent: Node | undefined;
  readonly isLeft: boolean;
  /** Its place: key in the order of its depth. */
  readonly key: number;
  readonly depth: number;
  halves: readonly [Node, Node] | undefined;
}

class Tree implements BrownianPath {
  readonly #root: Node;
  readonly #whole: Increment;
  readonly #entropy: SeedSequence;
  readonly #round: (x: number) => number;
  readonly #normal: (seed: number) => Increment;
  readonly #memory = new Map<Node, Increment>();

  constructor({ start, end, size, seed, dtype = 'float32' }: BrownianPathOptions) {
    this.#round = dtype === 'float32' ? Math.fround : (x) => x;
    this.#normal =
      dtype === 'float32'
        ? (word) => torchGenerator(word).normal([size])
        : (word) => torchGenerator(word).normal([size], 'float64');
    this.#entropy = SeedSequence.of(seed, POOL);
    this.#root = node(start, end, undefined, false);
    // as upstream: the whole is scaled by the times as they were given, all else by rounded ones
    const deviation = this.#round(Math.sqrt(end - start));
    this.#whole = this.#normal(this.#entropy.generate(1)[0]!).map((z) => deviation * z);
  }

  increment(from: number, to: number): Increment {
    const { start, end } = this.#root;
    const [low, high] = [from, to].map((time) => Math.min(Math.max(time, start), end)) as [number, number];
    if (low === high) return this.#whole.map(() => 0);
    const [first, ...others] = this.#tiling(this.#root, rounded(low), rounded(high));
    if (!first) throw tooClose(from, to);
    const total = first.slice();
    for (const piece of others) for (let i = 0; i < total.length; i++) total[i]! += piece[i]!;
    return total;
  }

  /** The increments of the intervals that make up [from, to], from left to right. */
  #tiling(part: Node, from: number, to: number): readonly Increment[] {
    if (from >= to) return [];
    if (from === part.start && to === part.end) return [this.#gain(part)];
    const [left, right] = (part.halves ??= halved(part));
    const middle = left.end;
    return [...this.#tiling(left, from, Math.min(to, middle)), ...this.#tiling(right, Math.max(from, middle), to)];
  }

  /** What the path gains over an interval: of the left half in law given the whole, of the right half the rest. */
  #gain(part: Node): Increment {
    const { parent } = part;
    if (!parent) return this.#whole;
    const known = this.#memory.get(part);
    if (known) return known;
    const both = this.#gain(parent);
    const [left, right] = parent.halves!;
    const noise = this.#normal(this.#entropy.spawn(parent.key, parent.depth).generate(1)[0]!);
    const gain = part.isLeft ? both : both.slice();
    const own = bridge(left, right, both, noise, this.#round);
    if (!part.isLeft) for (let i = 0; i < gain.length; i++) gain[i]! -= own[i]!;
    return this.#remember(part, part.isLeft ? own : gain);
  }

  #remember(part: Node, gain: Increment): Increment {
    const memory = this.#memory;
    if (memory.size >= REMEMBERED) memory.delete(memory.keys().next().value!);
    memory.set(part, gain);
    return gain;
  }
}

/** The left half of a Brownian bridge: mean l/h of the whole, variance l r/h. Every operation rounds, in torchsde's order. */
function bridge(left: Node, right: Node, whole: Increment, noise: Increment, round: (x: number) => number): Increment {
  const [l, r] = [left.end - left.start, right.end - right.start];
  const reciprocal = 1 / (right.end - left.start);
  const [share, scale, deviation] = [round(l), round(reciprocal), round(Math.sqrt(l * r * reciprocal))];
  return noise.map((z, i) => round(round(share * whole[i]!) * scale) + round(deviation * z));
}

function node(start: number, end: number, parent: Node | undefined, isLeft: boolean): Node {
  const place = parent ? { key: 2 * parent.key + (isLeft ? 0 : 1), depth: parent.depth + 1 } : { key: 0, depth: 0 };
  return { start: rounded(start), end: rounded(end), parent, isLeft, ...place, halves: undefined };
}

function halved(part: Node): readonly [Node, Node] {
  const middle = 0.5 * (part.end + part.start);
  return [node(part.start, middle, part, true), node(middle, part.end, part, false)];
}

/** To 6 decimals as Python rounds: to the nearest, and between two to the even one, which only odd multiples of 1/128 are. */
function rounded(time: number): number {
  const tie = Math.abs(time * 128) % 2 === 1;
  if (!tie) return Number(time.toFixed(6));
  const below = Math.floor(time * 1e6);
  return (below % 2 === 0 ? below : below + 1) / 1e6;
}

/** Also what samplers throw for a step between equal levels. */
export function tooClose(from: number, to: number): DiffusionError {
  const message = `There is no noise between ${from} and ${to}: times on a Brownian path are whole millionths. Use fewer steps, or levels further apart.`;
  return new DiffusionError('NUMERIC', message, { from, to });
}
