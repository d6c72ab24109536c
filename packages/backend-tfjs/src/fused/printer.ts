// Float32 map kernels as statements of a shading language: one variable per operation. What GLSL and WGSL write differently is in
// the dialect; inputs, outputs and uniforms are declared by those who use this.

import type { Kernel, KernelOp } from '@unnoise/core';

export interface Dialect {
  /** A statement that gives a value its name. */
  define(name: string, expression: string): string;
  /** The uniform that holds parameter i. */
  param(i: number): string;
  choose(condition: string, yes: string, no: string): string;
  readonly nan: string;
}

const PRINTABLE: ReadonlySet<string> = new Set('linear mul div clamp max min exp log sqrt abs'.split(' '));

/** Numbers that a kernel may take as uniforms: WebGL promises 224 of them, and some are TensorFlow.js's. */
const MOST_PARAMS = 200;

/** Whether all is float32: whole numbers and bools are left to TensorFlow.js's operations. */
export function canPrint({ kind, inputs, ops }: Kernel): boolean {
  if (kind !== 'map' || ops.reduce((sum, { params }) => sum + params.length, 0) > MOST_PARAMS) return false;
  return [...inputs, ...ops].every(({ dtype }) => dtype === 'float32') && ops.every(({ fn }) => PRINTABLE.has(fn));
}

/** The name of value i, input or result. */
export const valueName = (i: number): string => `v${i}`;

/** Statements that compute every operation of the kernel from inputs that are defined already. */
export function statements({ inputs, ops }: Kernel, dialect: Dialect): string {
  return ops.map((op, i) => dialect.define(valueName(inputs.length + i), expression(op, dialect))).join('\n');
}

function expression({ fn, args, params }: KernelOp, dialect: Dialect): string {
  const [a, b] = args.map(valueName) as [string, string];
  const { choose, nan } = dialect;
  switch (fn) {
    case 'linear':
      return linear(args.map(valueName), params.map(dialect.param));
    case 'clamp': {
      const [lo, hi] = params.map(dialect.param) as [string, string];
      return choose(`${a} < ${lo}`, choose(`${hi} < ${lo}`, hi, lo), choose(`${hi} < ${a}`, hi, a));
    }
    case 'mul':
      return `${a} * ${b}`;
    case 'div':
      return `${a} / ${b}`;
    case 'max':
      return choose(`${a} > ${b} || isnan(${a})`, a, b);
    case 'min':
      return choose(`${a} < ${b} || isnan(${a})`, a, b);
    case 'exp':
      return choose(`isnan(${a})`, a, `exp(${a})`);
    case 'log':
      return choose(`${a} > 0.0 && ${a} <= ${LARGEST}`, `log(${a})`, logOfSpecial(a, dialect));
    case 'sqrt':
      return choose(`${a} < 0.0`, nan, `sqrt(${a})`);
    default:
      return `${fn}(${a})`;
  }
}

const LARGEST = '3.4028234e38';

/** Of zeros, infinities, NaN and negative numbers. The languages leave open what log gives for them, and drivers differ. */
function logOfSpecial(a: string, { choose, nan }: Dialect): string {
  return choose(`${a} == 0.0`, `-1.0 / abs(${a})`, choose(`${a} > 0.0`, a, nan));
}

function linear(args: readonly string[], params: readonly string[]): string {
  const terms = args.map((arg, i) => `${params[i]} * ${arg}`);
  return [...terms, ...params.slice(args.length)].reduce((sum, term) => `(${sum}) + ${term}`);
}
