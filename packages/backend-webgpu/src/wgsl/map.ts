// Prints elementwise kernels as WGSL. A thread computes four neighbouring elements at a time, as vectors: vec4f for both float types,
// vec4i for int32, vec4u of 0 and 1 for bool. What single operations become is operations.ts's.

import type { DType, Kernel } from '@unnoise/core';

import { floatFunctions } from './floats.ts';
import { NARROW, PACKED, WIDEN } from './half.ts';
import { operation, VECTORS } from './operations.ts';
import { type Binding, param, type Shader, shader, strided, THREADS, word } from './shader.ts';

/** Whether the input extends along every dimension, so that its elements are read in order. */
export const inOrder = (dims: readonly boolean[]): boolean => dims.every(Boolean);

/**
 * The kernel's shader. `native`: the device has shader-f16. Whole numbers: the vectors of four in the output, then, if an input is
 * broadcast, the sizes and for each such input its strides.
 */
export function mapShader({ inputs, outputs, ops }: Kernel, native: boolean): Shader {
  const format = formatOf(native);
  const rank = inputs[0]?.dims.length ?? 1;
  const params = 1 + Math.max(-1, ...ops.flatMap((op) => op.params));
  const scattered = inputs.filter(({ dims }) => !inOrder(dims)).length;
  const types = [...inputs, ...ops].map(({ dtype }) => dtype);
  let strides = 1 + rank;
  const lines = inputs.map(({ dtype, dims }, i) => {
    if (inOrder(dims)) return `let v${i} = ${format.load(dtype, `in${i}[quad]`)};`;
    const first = strides;
    strides += rank;
    return `let at${i} = ${offset(dims, first)};\nlet v${i} = ${format.gather(dtype, `in${i}`, `at${i}`)};`;
  });
  ops.forEach((op, i) => lines.push(`let v${inputs.length + i} = ${operation(op, types)};`));
  outputs.forEach(({ dtype, value }, i) => lines.push(`out${i}[quad] = ${format.store(dtype, `v${value}`)};`));
  const hoisted = Array.from({ length: params }, (_, k) => `let p${k} = ${param(k)};`);
  const loop = strided('quad', word(0), [...(scattered > 0 ? [coordinates(rank)] : []), ...lines].join('\n'));
  const body = [...hoisted, loop].join('\n');
  return shader({
    bindings: [
      ...inputs.map(
        ({ dtype, dims }, i): Binding => ({
          name: `in${i}`,
          element: inOrder(dims) ? format.four[dtype] : format.one[dtype],
        }),
      ),
      ...outputs.map(({ dtype }, i): Binding => ({ name: `out${i}`, element: format.four[dtype], writes: true })),
    ],
    words: scattered > 0 ? 1 + rank * (1 + scattered) : 1,
    params,
    directives: native && types.includes('float16') ? 'enable f16;' : '',
    helpers: [
      ...(body.includes('Halves(') || body.includes('narrow(') ? [WIDEN, NARROW, PACKED] : []),
      ...floatFunctions(body),
    ],
    builtins: THREADS,
    body,
  });
}

/** Where each of the four elements lies in every dimension; beyond the last element anywhere, which nobody looks at. */
function coordinates(rank: number): string {
  const lines = ['var rest = vec4u(quad * 4u) + vec4u(0u, 1u, 2u, 3u);'];
  for (let d = rank - 1; d > 0; d--)
    lines.push(`let c${d} = rest % vec4u(${word(1 + d)});`, `rest /= vec4u(${word(1 + d)});`);
  return [...lines, 'let c0 = rest;'].join('\n');
}

function offset(dims: readonly boolean[], first: number): string {
  const terms = dims.flatMap((along, d) => (along ? [`c${d} * ${word(first + d)}`] : []));
  return terms.join(' + ') || 'vec4u(0u)';
}

interface Format {
  /** WGSL types of the elements of a buffer that is read in order, four at a time, and of one that is not. */
  readonly four: Readonly<Record<DType, string>>;
  readonly one: Readonly<Record<DType, string>>;
  load(dtype: DType, four: string): string;
  gather(dtype: DType, buffer: string, at: string): string;
  store(dtype: DType, value: string): string;
}

const lanes = (buffer: string, at: string, shift = ''): string =>
  ['x', 'y', 'z', 'w'].map((lane) => `${buffer}[${at}.${lane}${shift}]`).join(', ');

const gather = (dtype: DType, buffer: string, at: string): string => `${VECTORS[dtype]}(${lanes(buffer, at)})`;

const SCALARS = { float32: 'f32', int32: 'i32', bool: 'u32' } as const;

/** float16 as the device's own type. Widening it is exact; narrowing is left to no driver, which might round either way. */
const NATIVE: Format = {
  four: { ...VECTORS, float16: 'vec4<f16>' },
  one: { ...SCALARS, float16: 'f16' },
  load: (dtype, four) => (dtype === 'float16' ? `vec4f(${four})` : four),
  gather: (dtype, buffer, at) =>
    dtype === 'float16' ? `vec4f(vec4<f16>(${lanes(buffer, at)}))` : gather(dtype, buffer, at),
  store: (dtype, value) => (dtype === 'float16' ? `bitcast<vec4<f16>>(packHalves(${value}))` : value),
};

/** float16 as halves of words. */
const WORDS: Format = {
  four: { ...VECTORS, float16: 'vec2u' },
  one: { ...SCALARS, float16: 'u32' },
  load: (dtype, four) => (dtype === 'float16' ? `unpackHalves(${four})` : four),
  gather: (dtype, buffer, at) =>
    dtype === 'float16' ? `pickHalves(vec4u(${lanes(buffer, at, ' >> 1u')}), ${at})` : gather(dtype, buffer, at),
  store: (dtype, value) => (dtype === 'float16' ? `packHalves(${value})` : value),
};

const formatOf = (native: boolean): Format => (native ? NATIVE : WORDS);
