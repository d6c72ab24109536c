// What a backend has declared, and whether a node and a fused group are within it.

import type { Capabilities } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { Node, NodeOp } from '../tensor/node.ts';
import type { DType } from '../tensor/types.ts';
import type { KernelOp, OpName } from '../kernel.ts';

/** An operation of a fused group. `args` and `id` name values, `params` places among the numbers of the expression. */
export interface FusedOp extends KernelOp {
  readonly id: number;
}

/** Consecutive operations that become one kernel, with the values that cross its border. */
export interface Chunk {
  readonly ops: readonly FusedOp[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** What every backend has: the four required operations, and what needs no kernel. */
const ALWAYS: readonly NodeOp[] = ['linear', 'mul', 'div', 'clamp', 'leaf', 'host', 'view'];

/** Throws OP_UNSUPPORTED or DTYPE_UNSUPPORTED for a node that the backend has not declared. */
export function checkDeclared({ op, dtype }: Node, { ops, dtypes }: Capabilities): void {
  if (!dtypes.includes(dtype)) {
    const message = `the backend does not take ${dtype}, only ${dtypes.join(', ')}; cast() first or use another backend`;
    throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype, dtypes });
  }
  if (ALWAYS.includes(op) || ops.includes(op as OpName)) return;
  const message = `the backend does not declare the operation '${op}' (it has ${ops.join(', ')}); use another backend`;
  throw new DiffusionError('OP_UNSUPPORTED', message, { op, ops });
}

/** `ops` as one kernel. A value is an output where `isOutput` says so, an input where it is made elsewhere. */
export function chunkOf(ops: readonly FusedOp[], isOutput: (id: number) => boolean): Chunk {
  const made = new Set(ops.map(({ id }) => id));
  const inputs = new Set(ops.flatMap(({ args }) => args).filter((id) => !made.has(id)));
  return { ops, inputs: [...inputs], outputs: [...made].filter(isOutput) };
}

/** Place of the 1 among the numbers of an expression. */
export const ONE = 0;

export interface Group {
  readonly ops: readonly FusedOp[];
  /** Values that are needed outside the group. */
  readonly escaping: ReadonlySet<number>;
  /** Adds a value of the shape that another has; gives its name. */
  like(id: number, dtype: DType): number;
}

/** How a group becomes kernels; undefined where it cannot. */
export type Cut = (group: Group, limits: Capabilities) => readonly Chunk[] | undefined;

/** The group as one kernel, if it is within the limits. Most are; ./cut.ts is loaded for the first that is not. */
export const whole: Cut = ({ ops, escaping }, { maxOps, maxBuffers }) => {
  const chunk = chunkOf(ops, (id) => escaping.has(id));
  const buffers = chunk.inputs.length + chunk.outputs.length;
  return ops.length <= maxOps && buffers <= maxBuffers ? [chunk] : undefined;
};
