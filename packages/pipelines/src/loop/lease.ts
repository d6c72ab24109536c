// Expressions that a model hands to a loop uncomputed, so that they become part of the step's kernel: what they are made of must
// live until then, and is let go with them.

import type { Tensor } from '@unnoise/core';

const materials = new WeakMap<Tensor, readonly Tensor[]>();

/** `expression`, which `release` will dispose together with `parts`. */
export function lease(expression: Tensor, parts: readonly Tensor[]): Tensor {
  materials.set(expression, parts);
  return expression;
}

/** Disposes a model's output and whatever it was leased with. */
export function release(out: Tensor | undefined): void {
  if (!out) return;
  for (const part of materials.get(out) ?? []) release(part);
  out.dispose();
}
