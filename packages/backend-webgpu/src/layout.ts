// What a kernel's shader must be told about sizes: whole numbers for its uniform, and how many groups of threads to start. The order of
// the numbers is that of the shaders in wgsl/.

import type { Kernel } from '@unnoise/core';
import { kernelLength } from '@unnoise/core/reference';

import { perWord } from './wgsl/elements.ts';
import { inOrder } from './wgsl/map.ts';
import { GROUP_SIZE } from './wgsl/shader.ts';

type Sizes = readonly number[];

export interface Layout {
  readonly sizes: Sizes;
  /** Elements of each input, and of every output. */
  readonly inputs: readonly number[];
  readonly output: number;
  readonly words: readonly number[];
  readonly groups: number;
}

export function layoutOf(kernel: Kernel, sizes: Sizes): Layout {
  const output = kernelLength(kernel, sizes);
  const words = wordsOf(kernel, sizes, output);
  const threads = kernel.kind === 'reduce' || kernel.kind === 'argmax' ? words[0]! * words[3]! : words[0]!;
  return {
    sizes,
    inputs: kernel.inputs.map((_, i) => inputLength(kernel, sizes, i)),
    output,
    words,
    groups: groupsFor(threads),
  };
}

export const sameSizes = (a: Sizes, b: Sizes): boolean => a.length === b.length && a.every((size, d) => size === b[d]);

/** Enough to fill a large GPU; far below what a dimension of a dispatch may have. Threads take several elements where there are more. */
const MOST_GROUPS = 4096;

const groupsFor = (threads: number): number => Math.min(MOST_GROUPS, Math.ceil(threads / GROUP_SIZE));

function wordsOf(kernel: Kernel, sizes: Sizes, output: number): readonly number[] {
  const { kind, outputs } = kernel;
  const words = Math.ceil(output / perWord(outputs[0]!.dtype));
  if (kind === 'map') return mapWords(kernel, sizes, output);
  if (kind === 'concat') return [words, ...concatWords(sizes)];
  if (kind === 'slice') return [words, ...sliceWords(sizes)];
  if (kind === 'transpose') return [words, ...transposeWords(sizes)];
  const [, axis, inner] = sizes as [number, number, number];
  return [output, axis, inner, threadsPerLine(output, axis)];
}

function mapWords({ inputs }: Kernel, sizes: Sizes, output: number): readonly number[] {
  const scattered = inputs.filter(({ dims }) => !inOrder(dims));
  const quads = Math.ceil(output / 4);
  return scattered.length > 0 ? [quads, ...sizes, ...scattered.flatMap(({ dims }) => strides(sizes, dims))] : [quads];
}

/** Row-major; 0 along dimensions where the input is broadcast. */
function strides(sizes: Sizes, along: readonly boolean[]): number[] {
  const result = sizes.map(() => 0);
  for (let d = sizes.length - 1, stride = 1; d >= 0; d--) {
    if (!along[d]) continue;
    result[d] = stride;
    stride *= sizes[d]!;
  }
  return result;
}

function concatWords([, inner, ...parts]: Sizes): readonly number[] {
  let end = 0;
  const runs = parts.map((part) => part * inner!);
  const ends = runs.flatMap((run) => [(end += run), run]);
  return [end, ...ends];
}

function sliceWords(sizes: Sizes): readonly number[] {
  const [, axis, inner, start, length] = sizes as [number, number, number, number, number];
  return [length * inner, axis * inner, start * inner];
}

function transposeWords(sizes: Sizes): readonly number[] {
  const from = sizes.slice(0, sizes.length / 2);
  const order = sizes.slice(from.length);
  const steps = strides(
    from,
    from.map(() => true),
  );
  return [...order.map((d) => from[d]!), ...order.map((d) => steps[d]!)];
}

/** Few long lines would leave the GPU idle, were each one thread's work. */
const threadsPerLine = (lines: number, length: number): number => (length >= 256 && lines < 4096 ? GROUP_SIZE : 1);

function inputLength({ kind, inputs }: Kernel, sizes: Sizes, index: number): number {
  if (kind === 'map') return product(sizes.filter((_, d) => inputs[index]!.dims[d] ?? true));
  if (kind === 'concat') return product([...sizes.slice(0, 2), sizes[2 + index]!]);
  return product(sizes.slice(0, kind === 'transpose' ? sizes.length / 2 : 3));
}

const product = (sizes: Sizes): number => sizes.reduce((a, b) => a * b, 1);
