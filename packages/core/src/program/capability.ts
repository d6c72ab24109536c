// What a backend has declared: the check of one node, and the cut of a fused group into kernels that the backend can take.

import type { Capabilities } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { Node, NodeOp } from '../tensor/node.ts';
import type { KernelOp, OpName } from './kernel.ts';

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

/** Cuts `ops` into kernels, each the longest that the limits allow. `escaping` values are needed outside the group. */
export function cut(ops: readonly FusedOp[], escaping: ReadonlySet<number>, limits: Capabilities): readonly Chunk[] {
  const lastUse = new Map(ops.flatMap(({ args }, at) => args.map((id) => [id, at])));
  const isOutput = (id: number, end: number): boolean => escaping.has(id) || lastUse.get(id)! >= end;
  const chunks: Chunk[] = [];
  for (let start = 0, end = 0; start < ops.length; start = end) {
    end = longestEnd(ops, start, isOutput, limits);
    const part = ops.slice(start, end);
    const made = new Set(part.map(({ id }) => id));
    const inputs = new Set(part.flatMap(({ args }) => args).filter((id) => !made.has(id)));
    chunks.push({ ops: part, inputs: [...inputs], outputs: [...made].filter((id) => isOutput(id, end)) });
  }
  return chunks;
}

type IsOutput = (id: number, end: number) => boolean;

/** Where the longest kernel from `start` ends. One more operation may need fewer buffers, so the search goes on past a bad end. */
function longestEnd(ops: readonly FusedOp[], start: number, isOutput: IsOutput, limits: Capabilities): number {
  const { maxOps, maxBuffers } = limits;
  const inputs = new Set<number>();
  const outputs = new Set<number>();
  const made = new Set<number>();
  let best = start;
  for (let end = start + 1; end <= Math.min(ops.length, start + maxOps) && inputs.size < maxBuffers; end++) {
    const { id, args } = ops[end - 1]!;
    made.add(id);
    outputs.add(id);
    for (const arg of args) {
      if (!made.has(arg)) inputs.add(arg);
      else if (!isOutput(arg, end)) outputs.delete(arg);
    }
    if (inputs.size + outputs.size <= maxBuffers) best = end;
  }
  if (best > start) return best;
  const { fn } = ops[start]!;
  const message = `'${fn}' alone needs more buffers than the ${maxBuffers} that one kernel of this backend may use`;
  throw new DiffusionError('OP_UNSUPPORTED', message, { op: fn, maxBuffers });
}
