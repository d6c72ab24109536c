// Lowered programs by structure and shapes, per backend: a step of a scheduler is lowered once and found again in well under a
// microsecond. Coefficients are not part of what is compared.

import type { Backend } from '../backend.ts';
import type { Node } from '../tensor/node.ts';
import { whole } from './capability.ts';
import { lowerTrace } from './lowering.ts';
import type { Program } from './program.ts';

type Signature = (number | string)[];

type Entry = readonly [signature: Signature, program: Program];

/** Hashes kept per backend: more than a run needs, few enough that ever-changing shapes do not fill the memory. */
const LIMIT = 512;

const caches = new WeakMap<Backend, Map<number, Entry[]>>();

/** The signature of the expression in question: the first `length` parts. Kept between calls, so that looking up makes no garbage. */
const parts: Signature = [];
let length = 0;
let hash = 0;

let cut = whole;

/** Loads what cuts groups, of which most programs have no need. */
export async function loadCut(): Promise<void> {
  ({ cut } = await import('./cut.ts'));
}

/** `lower` for a traced graph, cached. Undefined where it waits for `loadCut`. */
export function programFor(order: readonly Node[], roots: readonly Node[], backend: Backend): Program | undefined {
  sign(order, roots);
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = new Map()));
  const entries = cache.get(hash) ?? [];
  for (const [signature, program] of entries) if (isSigned(signature)) return program;
  const program = lowerTrace(order, roots, backend.capabilities, cut);
  if (!program) return undefined;
  if (cache.size >= LIMIT) cache.clear();
  cache.set(hash, [...entries, [parts.slice(0, length), program]]);
  return program;
}

/** Writes down all that lowering depends on: operations, wiring, dtypes and shapes. */
function sign(order: readonly Node[], roots: readonly Node[]): void {
  length = hash = 0;
  for (const { op, dtype, args, params, layout, shape } of order) {
    parts[length++] = op;
    parts[length++] = dtype;
    add(params.length);
    add(args.length);
    for (const arg of args) add(arg.index);
    for (const whole of layout) add(whole);
    add(shape.length);
    for (const size of shape) add(size);
  }
  for (const root of roots) add(root.index);
}

function add(whole: number): void {
  hash = (Math.imul(hash, 31) + whole) | 0;
  parts[length++] = whole;
}

function isSigned(signature: Signature): boolean {
  if (signature.length !== length) return false;
  for (let i = 0; i < length; i++) if (signature[i] !== parts[i]) return false;
  return true;
}
