// What a backend has declared: checks of one node, and the cut of one fused group into kernels that the backend can take.

import type { Capabilities } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { Node } from '../tensor/node.ts';
import type { DType } from '../tensor/types.ts';
import type { MapOp, OpName } from './kernel.ts';

/** An operation of a fused group. Values are named by ids: the index of a node, or a larger number for what lowering adds. */
export interface FusedOp {
  readonly id: number;
  readonly fn: MapOp;
  readonly dtype: DType;
  readonly args: readonly number[];
  readonly params: readonly number[];
}

/** Consecutive operations that become one kernel, with the values that cross its border. */
export interface Chunk {
  readonly ops: readonly FusedOp[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

const REQUIRED: readonly OpName[] = ['linear', 'mul', 'div', 'clamp'];

/** Throws OP_UNSUPPORTED or DTYPE_UNSUPPORTED for a node that the backend has not declared. */
export function checkDeclared({ op, dtype }: Node, { ops, dtypes }: Capabilities): void {
  if (!dtypes.includes(dtype)) {
    const message = `the backend does not take ${dtype}, only ${dtypes.join(', ')}; cast() first or use another backend`;
    throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype, dtypes });
  }
  if (op === 'leaf' || op === 'host' || op === 'view' || REQUIRED.includes(op) || ops.includes(op)) return;
  const message = `the backend does not declare the operation '${op}', only ${[...REQUIRED, ...ops].join(', ')}; use another backend`;
  throw new DiffusionError('OP_UNSUPPORTED', message, { op, ops });
}

/** Cuts `ops` into as few kernels as the limits allow, each the longest that fits. `escapes` says which values are needed elsewhere. */
export function cut(ops: readonly FusedOp[], escapes: (id: number) => boolean, limits: Capabilities): readonly Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < ops.length; start += chunks.at(-1)!.ops.length) {
    chunks.push(longestChunk(ops, start, escapes, limits));
  }
  return chunks;
}

function longestChunk(ops: readonly FusedOp[], start: number, escapes: (id: number) => boolean, limits: Capabilities): Chunk {
  for (let end = Math.min(ops.length, start + Math.max(1, limits.maxOps)); end > start; end--) {
    const chunk = chunkOf(ops, start, end, escapes);
    if (chunk.inputs.length + chunk.outputs.length <= limits.maxBuffers) return chunk;
  }
  const { fn } = ops[start]!;
  const message = `'${fn}' alone needs more buffers than the ${limits.maxBuffers} that one kernel of the backend may use`;
  throw new DiffusionError('OP_UNSUPPORTED', message, { op: fn, maxBuffers: limits.maxBuffers });
}

function chunkOf(ops: readonly FusedOp[], start: number, end: number, escapes: (id: number) => boolean): Chunk {
  const inside = ops.slice(start, end);
  const made = new Set(inside.map((op) => op.id));
  const inputs = new Set(inside.flatMap((op) => op.args).filter((id) => !made.has(id)));
  const later = new Set(ops.slice(end).flatMap((op) => op.args));
  return { ops: inside, inputs: [...inputs], outputs: [...made].filter((id) => later.has(id) || escapes(id)) };
}
