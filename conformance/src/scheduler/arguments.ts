// Upstream's names on the way to ours, and generators that replay or make up noise.

import type { Backend, Generator, Shape, StepOptions, Tensor } from '@unnoise/core';
import { DiffusionError, tensor } from '@unnoise/core';
import { normals, sizeOf, uniforms } from '../backend/values.ts';
import { ConformanceError } from '../check.ts';
import type { Arguments } from '../golden/format.ts';
import type { GoldenTensor } from '../golden/safetensors.ts';
import type { GoldenTensors } from '../golden/source.ts';

/** num_inference_steps becomes numInferenceSteps. */
export function camelKeys(given: Arguments): Record<string, unknown> {
  const camel = (key: string): string => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [camel(key), value]));
}

/** A recorded tensor, on `backend`. */
export function recorded(tensors: GoldenTensors, name: string, backend: Backend): Tensor {
  const { data, shape } = needed(tensors, name);
  return tensor(data, shape, { backend });
}

export function needed(tensors: GoldenTensors, name: string): GoldenTensor {
  const found = tensors.get(name);
  if (!found) throw new ConformanceError(`The golden case has no tensor ${name}.`);
  return found;
}

/** The options of step i: numbers as they are, names as the tensors `<name>.<i>`. `made` collects those for disposal. */
export function stepOptions(
  options: Arguments,
  i: number,
  tensors: GoldenTensors,
  backend: Backend,
  made: Tensor[],
): StepOptions {
  const { generator: _, generatorSeed: __, ...rest } = camelKeys(options);
  const entries = Object.entries(rest).map(([key, value]) => {
    if (typeof value !== 'string') return [key, value];
    const one = recorded(tensors, `${value}.${i}`, backend);
    made.push(one);
    return [key, one];
  });
  return Object.fromEntries(entries) as StepOptions;
}

/** Replays the recorded draws of one step, in order. A draw too many is an error; `draws` tells what was drawn. */
export class TapeGenerator implements Generator {
  readonly draws: Shape[] = [];
  readonly #tape: readonly GoldenTensor[];

  constructor(tape: readonly GoldenTensor[]) {
    this.#tape = tape;
  }

  static ofStep(tensors: GoldenTensors, i: number): TapeGenerator {
    const tape: GoldenTensor[] = [];
    for (let next; (next = tensors.get(`noise.${i}.${tape.length}`)); ) tape.push(next);
    return new TapeGenerator(tape);
  }

  normal(shape: Shape, dtype?: 'float32'): Float32Array;
  normal(shape: Shape, dtype: 'float64'): Float64Array;
  normal(shape: Shape, dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    return this.#replay(shape, dtype);
  }

  uniform(shape: Shape, dtype?: 'float32'): Float32Array;
  uniform(shape: Shape, dtype: 'float64'): Float64Array;
  uniform(shape: Shape, dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    return this.#replay(shape, dtype);
  }

  #replay(shape: Shape, dtype: string): Float32Array | Float64Array {
    const next = this.#tape[this.draws.push([...shape]) - 1];
    if (!next)
      throw new ConformanceError(
        `draw ${this.draws.length} of shape [${shape}]: upstream draws only ${this.#tape.length} times in this step.`,
      );
    if (sizeOf(next.shape) !== sizeOf(shape))
      throw new ConformanceError(`drew [${shape}] where upstream draws [${next.shape}].`);
    return dtype === 'float64' ? Float64Array.from(next.data) : Float32Array.from(next.data);
  }

  clone(): TapeGenerator {
    return new TapeGenerator(this.#tape.slice(this.draws.length));
  }

  save(): never {
    throw new DiffusionError('REQUEST_INVALID', 'A tape has no state to save.');
  }

  restore(): never {
    throw new DiffusionError('REQUEST_INVALID', 'A tape has no state to restore.');
  }
}

/** Made-up noise: the same for the same seed, whatever the machine. */
export class SeededGenerator implements Generator {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  normal(shape: Shape, dtype?: 'float32'): Float32Array;
  normal(shape: Shape, dtype: 'float64'): Float64Array;
  normal(shape: Shape, dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    const drawn = normals(this.#seed++, sizeOf(shape));
    return dtype === 'float64' ? Float64Array.from(drawn) : drawn;
  }

  uniform(shape: Shape, dtype?: 'float32'): Float32Array;
  uniform(shape: Shape, dtype: 'float64'): Float64Array;
  uniform(shape: Shape, dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    const next = uniforms(this.#seed++);
    const numbers = Float64Array.from({ length: sizeOf(shape) }, next);
    return dtype === 'float64' ? numbers : Float32Array.from(numbers, (x) => Math.min(x, 1 - 2 ** -24));
  }

  clone(): SeededGenerator {
    return new SeededGenerator(this.#seed);
  }

  save(): unknown {
    return this.#seed;
  }

  restore(state: unknown): void {
    this.#seed = state as number;
  }
}
