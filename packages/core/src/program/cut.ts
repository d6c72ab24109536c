// The cut of a fused group into kernels that a backend can take. Loaded when the first group does not fit whole.

import type { Capabilities } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import { type Chunk, chunkOf, type FusedOp, type Group, ONE } from './capability.ts';

/** Cuts a group into kernels, each the longest that the limits allow. */
export function cut({ ops: whole, escaping, like }: Group, limits: Capabilities): readonly Chunk[] {
  const most = Math.max(2, limits.maxBuffers - 1); // at least two, or sums could not be split
  const ops = whole.flatMap((op) => partialSums(op, most, like));
  const lastUse = new Map(ops.flatMap(({ args }, at) => args.map((id) => [id, at])));
  const isOutput = (id: number, end: number): boolean => escaping.has(id) || lastUse.get(id)! >= end;
  const chunks: Chunk[] = [];
  for (let start = 0, end = 0; start < ops.length; start = end) {
    end = longestEnd(ops, start, isOutput, limits);
    chunks.push(chunkOf(ops.slice(start, end), (id) => isOutput(id, end)));
  }
  return chunks;
}

/** A sum of more terms than one kernel may read becomes partial sums. Going on with coefficient 1 keeps every rounding. */
function partialSums(op: FusedOp, most: number, like: Group['like']): FusedOp[] {
  const { fn, args, params } = op;
  if (fn !== 'linear' || args.length <= most) return [op];
  const dtype = op.dtype === 'float16' ? 'float32' : op.dtype;
  const id = like(op.id, dtype);
  const first: FusedOp = { id, fn, dtype, args: args.slice(0, most), params: params.slice(0, most) };
  const rest = { ...op, args: [id, ...args.slice(most)], params: [ONE, ...params.slice(most)] };
  return [first, ...partialSums(rest, most, like)];
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
