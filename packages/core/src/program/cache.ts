// Lowered programs by structure and shapes, per backend, so that a step of a scheduler is lowered once and found again in
// well under a microsecond. Not a place for buffers or numbers.

import type { Backend } from '../backend.ts';
import type { Node } from '../tensor/node.ts';
import { lowerTrace } from './lower.ts';
import type { Program } from './program.ts';
import { sign, type Signature } from './trace.ts';

interface Entry {
  readonly parts: readonly (number | string)[];
  readonly program: Program;
}

/** Programs kept per backend; more than a run needs, few enough that changing shapes do not fill the memory. */
const LIMIT = 512;

const caches = new WeakMap<Backend, Map<number, Entry[]>>();
const signature: Signature = { parts: [], length: 0, hash: 0 };

/** `lower` for a traced graph, cached. */
export function programFor(order: readonly Node[], roots: readonly Node[], backend: Backend): Program {
  const cache = cacheOf(backend);
  sign(order, roots, signature);
  const { hash } = signature;
  const entries = cache.get(hash);
  if (entries) for (const entry of entries) if (matches(entry.parts)) return entry.program;
  const entry = { parts: signature.parts.slice(0, signature.length), program: lowerTrace(order, roots, backend.capabilities) };
  if (cache.size >= LIMIT) cache.clear();
  cache.set(hash, [...(cache.get(hash) ?? []), entry]);
  return entry.program;
}

function cacheOf(backend: Backend): Map<number, Entry[]> {
  let cache = caches.get(backend);
  if (!cache) caches.set(backend, (cache = new Map()));
  return cache;
}

function matches(parts: readonly (number | string)[]): boolean {
  if (parts.length !== signature.length) return false;
  for (let i = 0; i < parts.length; i++) if (parts[i] !== signature.parts[i]) return false;
  return true;
}
