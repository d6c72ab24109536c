// What all kernels have in common as WGSL: bindings, the numbers that change between runs, and the text around a body. The numbers are
// one uniform: whole numbers first (sizes, strides), then parameters, four to a vector.

export const GROUP_SIZE = 64;

/** A buffer of a kernel; input i is bound as `in0`, ..., output i as `out0`, ... */
export interface Binding {
  readonly name: string;
  /** Its element in WGSL. */
  readonly element: string;
  readonly writes?: boolean;
}

export interface Shader {
  readonly code: string;
  /** Whole numbers and parameters in the uniform, each rounded up to vectors of four. */
  readonly words: number;
  readonly params: number;
}

export interface ShaderParts {
  readonly bindings: readonly Binding[];
  readonly words: number;
  readonly params?: number;
  /** Directives, which come first. */
  readonly directives?: string;
  /** Functions and variables of the module. */
  readonly helpers?: readonly string[];
  /** Built-in values that `main` takes, and its statements. */
  readonly builtins: string;
  readonly body: string;
}

const roundedUp = (count: number): number => Math.ceil(count / 4) * 4;
const LANES = 'xyzw';

/** Whole number k of the uniform. */
export const word = (k: number): string => `numbers.words[${k >> 2}].${LANES[k & 3]}`;

/** Parameter k of the uniform. */
export const param = (k: number): string => `numbers.params[${k >> 2}].${LANES[k & 3]}`;

export function shader({
  bindings,
  words,
  params = 0,
  directives = '',
  helpers = [],
  builtins,
  body,
}: ShaderParts): Shader {
  const [w, p] = [Math.max(4, roundedUp(words)), roundedUp(params)];
  const lines = [
    directives,
    `struct Numbers { words: array<vec4u, ${w / 4}>,${p > 0 ? ` params: array<vec4f, ${p / 4}>,` : ''} }`,
    '@group(0) @binding(0) var<uniform> numbers: Numbers;',
    ...bindings.map(
      ({ name, element, writes }, i) =>
        `@group(0) @binding(${i + 1}) var<storage, ${writes ? 'read_write' : 'read'}> ${name}: array<${element}>;`,
    ),
    ...helpers,
    `@compute @workgroup_size(${GROUP_SIZE})\nfn main(${builtins}) {\n${body}\n}`,
  ];
  return { code: lines.filter((line) => line !== '').join('\n'), words: w, params: p };
}

/** Threads of all groups share the work: each goes on by their number until `count`. */
export const THREADS = '@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u';
export const strided = (name: string, count: string, body: string): string =>
  `for (var ${name} = id.x; ${name} < ${count}; ${name} += groups.x * ${GROUP_SIZE}u) {\n${body}\n}`;
