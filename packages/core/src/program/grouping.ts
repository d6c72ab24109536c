// Which nodes are computed together: elementwise nodes of one shape and one level. Nodes of a group never wait for one another
// through a third kernel, so each group can be one kernel.

import { isConstant } from '../tensor/expression.ts';
import type { Node } from '../tensor/node.ts';
import { sameShape } from '../tensor/shape.ts';

const MAP_OPS = /^(linear|mul|div|clamp|max|min|exp|log|sqrt|abs|eq|where|cast)$/;

export const isMap = (node: Node): boolean => MAP_OPS.test(node.op);
export const isSource = (node: Node): boolean => node.op === 'leaf' || node.op === 'host';

export interface Grouping {
  /** Groups in the order of their computation. Views, sources and inlined constants are in none. */
  readonly groups: readonly (readonly Node[])[];
  /** Indices of nodes whose value is needed outside their group: roots, and arguments of other groups. */
  readonly escaping: ReadonlySet<number>;
}

/** Groups a traced graph. */
export function groupingOf(order: readonly Node[], roots: readonly Node[]): Grouping {
  const levels = levelsOf(order);
  const keyOf = (node: Node): string => (isMap(node) ? `${levels[node.index]} ${node.shape.join()}` : `#${node.index}`);
  const escaping = new Set(roots.map((root) => root.index));
  for (const node of order) {
    for (const arg of node.args) if (!isInlined(arg, node) && keyOf(arg) !== keyOf(node)) escaping.add(arg.index);
  }
  const groups = new Map<string, Node[]>();
  for (const node of order) {
    if (isSource(node) || node.op === 'view' || (isConstant(node) && !escaping.has(node.index))) continue;
    const key = keyOf(node);
    if (!groups.get(key)?.push(node)) groups.set(key, [node]);
  }
  const level = ([first]: readonly Node[]): number => levels[first!.index]!;
  return { groups: [...groups.values()].sort((a, b) => level(a) - level(b)), escaping };
}

/** Kernels between the sources and a node. An elementwise argument of the same shape adds none, a view never does. */
function levelsOf(order: readonly Node[]): readonly number[] {
  const levels: number[] = [];
  for (const node of order) {
    let level = 0;
    for (const arg of node.args)
      if (!isInlined(arg, node)) level = Math.max(level, levels[arg.index]! + distance(arg, node));
    levels.push(level);
  }
  return levels;
}

function distance(arg: Node, node: Node): number {
  const fuses = isMap(arg) && isMap(node) && sameShape(arg.shape, node.shape);
  return fuses || node.op === 'view' ? 0 : 1;
}

/** Elementwise kernels write constants out where they use them. */
const isInlined = (arg: Node, node: Node): boolean => isConstant(arg) && isMap(node);
