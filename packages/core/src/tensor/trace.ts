// The walk over an expression graph that everything else starts from: the order of computation.

import type { Node } from './node.ts';

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
