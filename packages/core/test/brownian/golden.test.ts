// Against numpy, torchsde and diffusers, bit for bit: tools/golden/brownian.py made the numbers.
import { describe, expect, it } from 'vitest';
import { SeedSequence, brownianNoise, brownianPath, noiseSeed } from '../../src/brownian/index.ts';
import { torchGenerator } from '../../src/index.ts';
import { base64, golden, sha256OfFile } from '../random/golden.ts';

type DType = 'float32' | 'float64';

interface Golden {
  readonly sequences: {
    readonly spawned: readonly (readonly number[])[];
    readonly cases: readonly { entropy: string; state: readonly number[]; children: readonly (readonly number[])[] }[];
  };
  readonly paths: readonly {
    readonly seed: string;
    readonly dtype: DType;
    readonly start: number;
    readonly end: number;
    readonly size: number;
    readonly queries: readonly (readonly [number, number])[];
    readonly increments: string;
  }[];
  readonly samplers: readonly {
    readonly seed: string | readonly string[] | null;
    readonly manual_seed: number | null;
    readonly dtype: DType;
    readonly shape: readonly number[];
    readonly sigmas: readonly number[];
    readonly noise: string;
  }[];
}

const { sequences, paths, samplers } = golden<Golden>('brownian/noise');

const flat = (parts: readonly (Float32Array | Float64Array)[], dtype: DType) => {
  const all = parts.flatMap((part) => Array.from(part));
  return base64(dtype === 'float32' ? Float32Array.from(all) : Float64Array.from(all));
};

it('the data are those of the recipe', () => {
  expect(sha256OfFile('tools/golden/brownian.py')).toBe(golden<{ readonly sha256: string }>('brownian/recipe').sha256);
});

describe('SeedSequence', () => {
  it.each(sequences.cases)('of $entropy gives the seeds of numpy, and its children theirs', (expected) => {
    const sequence = SeedSequence.of(BigInt(expected.entropy), 24);
    expect(Array.from(sequence.generate(30))).toEqual(expected.state);
    const children = sequences.spawned.map((key) => Array.from(sequence.spawn(...key).generate(4)));
    expect(children).toEqual(expected.children);
  });
});

describe('a path', () => {
  it.each(paths)('of seed $seed in $dtype from $start to $end gains what torchsde says', (expected) => {
    const path = brownianPath({ ...expected, seed: BigInt(expected.seed) });
    const increments = expected.queries.map(([from, to]) => path.increment(from, to));
    expect(flat(increments, expected.dtype)).toBe(expected.increments);
  });
});

describe('noise between levels', () => {
  it.each(samplers)('of seed $seed and shape $shape in $dtype is that of diffusers', (expected) => {
    const { sigmas, shape, dtype } = expected;
    const given = Array.isArray(expected.seed)
      ? expected.seed.map(BigInt)
      : expected.seed && BigInt(String(expected.seed));
    const generator = torchGenerator(expected.manual_seed ?? 0);
    const seed = noiseSeed(given as bigint | readonly bigint[] | null, { generator });
    const [sigmaMin, sigmaMax] = [sigmas.at(-1)!, sigmas[0]!];
    const noise = brownianNoise({ shape, seed, sigmaMin, sigmaMax, dtype });
    const drawn = sigmas.slice(1).map((sigma, i) => noise(sigmas[i]!, sigma, shape));
    drawn.push(noise(sigmas[4]!, sigmas[3]!, shape));
    expect(flat(drawn, dtype)).toBe(expected.noise);
  });
});
