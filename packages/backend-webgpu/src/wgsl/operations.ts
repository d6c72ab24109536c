// Elementwise operations as WGSL expressions on vectors of four. Arguments are v0, v1, ..., parameters p0, p1, ...

import type { DType, KernelOp } from '@unnoise/core';

/** What four values of a dtype are inside a kernel. */
export const VECTORS: Readonly<Record<DType, string>> = {
  float32: 'vec4f',
  float16: 'vec4f',
  int32: 'vec4i',
  bool: 'vec4u',
};

const SCALARS = { vec4f: 'f32', vec4i: 'i32', vec4u: 'u32' } as Readonly<Record<string, string>>;

const isFloat = (dtype: DType): boolean => VECTORS[dtype] === 'vec4f';

/** The value of `op`; `types` are those of all values. */
export function operation(op: KernelOp, types: readonly DType[]): string {
  const [a = '', b = '', c = ''] = op.args.map((arg) => `v${arg}`);
  const from = types[op.args[0] ?? -1] ?? op.dtype;
  const float = isFloat(from);
  const [lo, hi] = op.params.map((k) => number(k, from));
  switch (op.fn) {
    case 'linear':
      return linear(op);
    case 'mul':
      return `${a} * ${b}`;
    case 'div':
      return `${a} / ${b}`;
    case 'clamp':
      return float ? `clampOf(${a}, ${lo}, ${hi})` : `min(max(${a}, ${splat(from, lo!)}), ${splat(from, hi!)})`;
    case 'max':
      return float ? `larger(${a}, ${b})` : `max(${a}, ${b})`;
    case 'min':
      return float ? `smaller(${a}, ${b})` : `min(${a}, ${b})`;
    case 'abs':
      return float ? `bitcast<vec4f>(bitcast<vec4u>(${a}) & vec4u(0x7fffffffu))` : `abs(${a})`;
    case 'eq':
      return flag(float ? `equal(${a}, ${b})` : `${a} == ${b}`);
    case 'where':
      return `select(${c}, ${b}, ${truth(a, from)})`;
    case 'cast':
      return cast(op.dtype, a, from);
    default:
      return `${op.fn}Of(${a})`;
  }
}

/** ((c1*a1 + c2*a2) + ...) + bias, in this order. */
function linear({ args, params, dtype }: KernelOp): string {
  const terms = args.map((arg, i) => `${number(params[i]!, dtype)} * v${arg}`);
  if (args.length === 0) return splat(dtype, number(params[0]!, dtype));
  if (params.length > args.length) terms.push(splat(dtype, number(params[args.length]!, dtype)));
  return terms.reduce((sum, term) => `(${sum}) + ${term}`);
}

/** Parameters are float32, and whole where the values are. */
const number = (k: number, dtype: DType): string => (isFloat(dtype) ? `p${k}` : `${SCALARS[VECTORS[dtype]]}(p${k})`);

const splat = (dtype: DType, scalar: string): string => `${VECTORS[dtype]}(${scalar})`;

const flag = (condition: string): string => `select(vec4u(0u), vec4u(1u), ${condition})`;

const truth = (value: string, dtype: DType): string =>
  isFloat(dtype) ? `!isZero(${value})` : `(${value} != ${VECTORS[dtype]}(0))`;

/** float16 is rounded by `cast` and by stores alone. */
function cast(to: DType, value: string, from: DType): string {
  if (to === 'bool') return flag(truth(value, from));
  if (to === 'float16') return `widen(narrow(vec4f(${value})))`;
  return `${VECTORS[to]}(${value})`;
}
