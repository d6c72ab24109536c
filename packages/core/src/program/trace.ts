// Walks over an expression graph: the order of computation, and the signature by which lowered programs are found again.

import type { Node } from '../tensor/node.ts';

let walks = 0;

/** All nodes below `roots`, arguments before their users; sets `index` to the place in the result. No recursion: chains may be long. */
export function trace(roots: readonly Node[]): readonly Node[] {
  const walk = ++walks;
  const order: Node[] = [];
  const stack: Node[] = [];
  for (let i = roots.length - 1; i >= 0; i--) stack.push(roots[i]!);
  while (stack.length > 0) {
    const node = stack[stack.length - 1]!;
    if (node.walk !== walk && pushNew(node.args, walk, stack)) continue;
    stack.pop();
    if (node.walk === walk) continue;
    node.walk = walk;
    node.index = order.length;
    order.push(node);
  }
  return order;
}

function pushNew(args: readonly Node[], walk: number, stack: Node[]): boolean {
  const before = stack.length;
  for (let i = args.length - 1; i >= 0; i--) if (args[i]!.walk !== walk) stack.push(args[i]!);
  return stack.length > before;
}

/** Reused between calls; only the first `length` entries count. */
export interface Signature {
  readonly parts: (number | string)[];
  length: number;
  hash: number;
}

/** Writes everything that lowering depends on: operations, wiring, dtypes and shapes, but no coefficient. */
export function sign(order: readonly Node[], roots: readonly Node[], out: Signature): void {
  out.length = out.hash = 0;
  for (const node of order) {
    out.parts[out.length++] = node.op;
    out.parts[out.length++] = node.dtype;
    add(out, node.params.length);
    add(out, node.args.length);
    for (const arg of node.args) add(out, arg.index);
    for (const whole of node.layout) add(out, whole);
    add(out, node.shape.length);
    for (const size of node.shape) add(out, size);
  }
  for (const root of roots) add(out, root.index);
}

function add(out: Signature, whole: number): void {
  out.hash = (Math.imul(out.hash, 31) + whole) | 0;
  out.parts[out.length++] = whole;
}

/** The parameters of all nodes in order, behind a 1 that partial sums use as their coefficient. */
export function numbersOf(order: readonly Node[]): number[] {
  const numbers = [1];
  for (const { params } of order) for (const x of params) numbers.push(x);
  return numbers;
}
