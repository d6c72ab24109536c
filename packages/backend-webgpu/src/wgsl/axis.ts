// Prints sum, amax, amin and argmax along an axis. A line is added up by one thread, in order; where lines are few and long, by the 64
// threads of a group, which then join their parts pairwise.

import type { DType, Kernel } from '@unnoise/core';

import { bitsFunction, codec, perWord, SCALARS } from './elements.ts';
import { GROUP_SIZE, type Shader, shader, word } from './shader.ts';

/** How partial results come about: `Part` starts as `none()`, takes the element at a place of its line by `one`, and two `join`. */
interface Reduction {
  readonly declarations: (type: string) => string;
  /** The result of a part, as bits of the output. */
  readonly result: string;
}

const NAN_TEST: Readonly<Record<string, string>> = {
  f32: 'fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }',
  i32: 'fn isNan(x: i32) -> bool { return false; }',
  u32: 'fn isNan(x: u32) -> bool { return false; }',
};

const SUM: Reduction = {
  declarations: (type) => `
alias Part = ${type};
fn none() -> Part { return Part(); }
fn one(value: ${type}, place: u32) -> Part { return value; }
fn join(a: Part, b: Part) -> Part { return a + b; }`,
  result: 'bitsOf(part)',
};

/** The best element and its place; NaN is better than any, and of equals the first is. */
const best = (better: string, result: string): Reduction => ({
  declarations: (type) => `
struct Part { value: ${type}, place: u32, }
${NAN_TEST[type]}
fn none() -> Part { return Part(${type}(), 0xffffffffu); }
fn one(value: ${type}, place: u32) -> Part { return Part(value, place); }
fn wins(a: Part, b: Part) -> bool {
  if (a.place == 0xffffffffu || b.place == 0xffffffffu) { return b.place == 0xffffffffu; }
  if (isNan(a.value) || isNan(b.value)) { return isNan(a.value) && (!isNan(b.value) || a.place < b.place); }
  return a.value ${better} b.value || (a.value == b.value && a.place < b.place);
}
fn join(a: Part, b: Part) -> Part {
  if (wins(a, b)) { return a; }
  return b;
}`,
  result,
});

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  sum: SUM,
  amax: best('>', 'bitsOf(part.value)'),
  amin: best('<', 'bitsOf(part.value)'),
  argmax: best('>', 'part.place'),
};

/** Whole numbers: lines, length of a line, distance of its elements, threads for each line (1 or all of a group). */
export function axisShader({ kind, reduce, inputs, outputs }: Kernel): Shader {
  const [from, to] = [inputs[0]!.dtype, outputs[0]!.dtype];
  const { declarations, result } = REDUCTIONS[reduce ?? kind]!;
  return shader({
    bindings: [
      { name: 'in0', element: 'u32' },
      { name: 'out0', element: 'u32', writes: true },
    ],
    words: 4,
    helpers: [
      bitsFunction(0, from),
      ...codec(from),
      declarations(SCALARS[from]),
      `var<workgroup> parts: array<Part, ${GROUP_SIZE}>;`,
      LINE,
    ],
    builtins:
      '@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) thread: u32',
    body: body(to, result),
  });
}

/** The part of a thread: every `threads`-th element of its line. */
const LINE = `
fn partOf(line: u32, lane: u32, threads: u32) -> Part {
  let distance = ${word(2)};
  let first = (line / distance) * ${word(1)} * distance + line % distance;
  var part = none();
  for (var place = lane; place < ${word(1)}; place += threads) {
    part = join(part, one(valueOf(bits0(first + place * distance)), place));
  }
  return part;
}`;

/** Whole words are written: where two results share one, the same threads compute both. */
function body(to: DType, result: string): string {
  const share = perWord(to);
  return `
let threads = ${word(3)};
let lane = thread % threads;
let count = (${word(0)} + ${share - 1}u) / ${share}u;
for (var start = group.x * (${GROUP_SIZE}u / threads); start < count; start += groups.x * (${GROUP_SIZE}u / threads)) {
  let target_word = start + thread / threads;
  var bits = 0u;
  for (var i = 0u; i < ${share}u; i++) {
    parts[thread] = partOf(min(target_word * ${share}u + i, ${word(0)} - 1u), lane, threads);
    workgroupBarrier();
    for (var half = threads / 2u; half > 0u; half /= 2u) {
      if (lane < half) { parts[thread] = join(parts[thread], parts[thread + half]); }
      workgroupBarrier();
    }
    let part = parts[thread];
    bits |= (${result}) << (16u * i);
    workgroupBarrier();
  }
  if (lane == 0u && target_word < count) { out0[target_word] = bits; }
}`;
}
