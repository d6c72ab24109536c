// Prints the kernels that move elements and compute nothing: concat, slice and transpose. Each output element has one source, found
// from its place; bits are copied, so nothing is rounded and no NaN is lost.

import type { Kernel } from '@unnoise/core';

import { bitsFunction, perWord } from './elements.ts';
import { type Shader, shader, strided, THREADS, word } from './shader.ts';

/** Whole numbers: the words of the output, then those of the kind (see numbers.ts). `rank` is that of a transpose. */
export function moveShader({ kind, inputs }: Kernel, rank: number): Shader {
  const { dtype } = inputs[0]!;
  const source = kind === 'concat' ? concat(inputs.length) : kind === 'slice' ? SLICE : transpose(rank);
  const packed = perWord(dtype) === 2;
  return shader({
    bindings: [
      ...inputs.map((_, i) => ({ name: `in${i}`, element: 'u32' })),
      { name: 'out0', element: 'u32', writes: true },
    ],
    words: kind === 'concat' ? 2 + 2 * inputs.length : kind === 'slice' ? 4 : 1 + 2 * rank,
    helpers: [...inputs.map((_, i) => bitsFunction(i, dtype)), `fn source(i: u32) -> u32 {\n${source}\n}`],
    builtins: THREADS,
    body: strided('i', word(0), `out0[i] = ${packed ? 'source(2u * i) | (source(2u * i + 1u) << 16u)' : 'source(i)'};`),
  });
}

/** A row of the output is a run of each input in turn. Numbers: row, then for each input where its run ends and how long it is. */
function concat(parts: number): string {
  const lines = [`let outer = i / ${word(1)};`, `let at = i % ${word(1)};`];
  for (let k = 0; k < parts; k++) {
    const [end, run] = [word(2 + 2 * k), word(3 + 2 * k)];
    const take = `return bits${k}(outer * ${run} + at - (${end} - ${run}));`;
    lines.push(k < parts - 1 ? `if (at < ${end}) { ${take} }` : take);
  }
  return lines.join('\n');
}

/** Numbers: elements of a row of the output and of the input, and where in the latter the former starts. */
const SLICE = `return bits0((i / ${word(1)}) * ${word(2)} + ${word(3)} + i % ${word(1)});`;

/** Numbers: sizes of the output, and the stride of the input along each of its dimensions. */
function transpose(rank: number): string {
  const lines = ['var rest = i;', 'var at = 0u;'];
  for (let d = rank - 1; d >= 0; d--)
    lines.push(`at += (rest % ${word(1 + d)}) * ${word(1 + rank + d)};`, `rest /= ${word(1 + d)};`);
  return [...lines, 'return bits0(at);'].join('\n');
}
