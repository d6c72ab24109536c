// Builds expression nodes: broadcasting, dtypes, and the normal form in which every affine piece is one `linear` node.
// Folding happens here, as nodes are made; there is no later optimiser.

import type { Backend } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { MapOp, ReduceOp } from '../kernel.ts';
import { arithmeticType, checkWhole, commonType, floatType, isFloat } from './dtype.ts';
import { Node, NONE } from './node.ts';
import { axisOf, broadcast, inferShape, lengthOf, sameShape, text } from './shape.ts';
import type { DType, Shape } from './types.ts';

/** c1*x1 + ... + cn*xn + bias. Linear arguments that are not whole are multiplied out, and terms of the same node are merged. */
export function linearNode(coefficients: readonly number[], nodes: readonly Node[], bias?: number): Node {
  const dtype = arithmeticType(nodes);
  const args: Node[] = [];
  const params: number[] = [];
  let shape: Shape = nodes.length ? nodes[0]!.shape : NONE;
  let constant = bias;
  for (let i = 0; i < nodes.length; i++) {
    const node = converted(nodes[i]!, dtype);
    const c = coefficients[i]!;
    shape = broadcast(shape, node.shape);
    if (node.op !== 'linear' || node.whole) addTerm(args, params, node, c);
    else constant = addLinear(args, params, node, c, constant);
  }
  // A bias of 0 stays: whether there is one may depend on the expression only, never on a value.
  if (constant !== undefined) params.push(constant);
  if (dtype === 'int32') checkWhole(params);
  return new Node('linear', shape, dtype, args, params, NONE, commonBackend(nodes));
}

function addLinear(
  args: Node[],
  params: number[],
  node: Node,
  c: number,
  bias: number | undefined,
): number | undefined {
  const count = node.args.length;
  for (let i = 0; i < count; i++) addTerm(args, params, node.args[i]!, c * node.params[i]!);
  return node.params.length > count ? (bias ?? 0) + c * node.params[count]! : bias;
}

function addTerm(args: Node[], params: number[], node: Node, c: number): void {
  const at = args.indexOf(node);
  if (at >= 0) params[at]! += c;
  else {
    args.push(node);
    params.push(c);
  }
}

/** A number as a node: `linear` without terms. Lowering inlines it wherever it is used. */
export function constantNode(value: number, shape: Shape, dtype: DType): Node {
  if (dtype === 'int32') checkWhole([value]);
  return new Node('linear', shape, dtype, NONE, [value], NONE, undefined);
}

export const isConstant = (node: Node): boolean => node.op === 'linear' && node.args.length === 0;

export function mulNode(a: Node, b: Node): Node {
  const dtype = arithmeticType([a, b]);
  return mapNode('mul', [converted(a, dtype), converted(b, dtype)], dtype);
}

/** By a number it is linear, with the reciprocal taken in float64. */
export function divNode(a: Node, b: Node | number): Node {
  if (typeof b === 'number') return linearNode([1 / b], [converted(a, floatType([a]))]);
  const dtype = floatType([a, b]);
  return mapNode('div', [converted(a, dtype), converted(b, dtype)], dtype);
}

export function extremumNode(op: 'max' | 'min', a: Node, b: Node | number): Node {
  const [x, y, dtype] = operands(a, b, arithmeticType);
  return mapNode(op, [x, y], dtype);
}

export function eqNode(a: Node, b: Node | number): Node {
  const [x, y] = operands(a, b, typeof b === 'number' ? arithmeticType : commonType);
  return mapNode('eq', [x, y], 'bool');
}

export function whereNode(condition: Node, a: Node | number, b: Node | number): Node {
  if (condition.dtype !== 'bool')
    throw unfit('where', condition.dtype, 'its condition is bool: make it with eq() or cast()');
  const tensors = [a, b].filter((x) => typeof x !== 'number');
  const dtype = tensors.length < 2 ? arithmeticType(tensors) : commonType(tensors);
  const shape = tensors.reduce((s, x) => broadcast(s, x.shape), condition.shape);
  return mapNode('where', [condition, operand(a, shape, dtype), operand(b, shape, dtype)], dtype);
}

export function clampNode(a: Node, lo: number, hi: number): Node {
  if (lo !== lo || hi !== hi) throw new DiffusionError('NUMERIC', `clamp(${lo}, ${hi}): a bound is NaN`, { lo, hi });
  const dtype = arithmeticType([a]);
  if (dtype === 'int32') checkWhole([lo, hi]);
  return mapNode('clamp', [converted(a, dtype)], dtype, [lo, hi]);
}

export function unaryNode(op: 'exp' | 'log' | 'sqrt' | 'abs', a: Node): Node {
  const dtype = op === 'abs' ? arithmeticType([a]) : floatType([a]);
  return mapNode(op, [converted(a, dtype)], dtype);
}

export function castNode(a: Node, dtype: DType): Node {
  if (a.dtype === dtype) return a;
  return mapNode('cast', [a], dtype);
}

export function reduceNode(op: ReduceOp | 'argmax', a: Node, axis: number): Node {
  const at = axisOf(a.shape, axis);
  if (op !== 'sum' && a.shape[at] === 0) {
    throw new DiffusionError(
      'SHAPE_MISMATCH',
      `${op} over axis ${at} of shape ${text(a.shape)}: an empty axis has no maximum or minimum`,
    );
  }
  const x = converted(a, arithmeticType([a]));
  const shape = a.shape.filter((_, d) => d !== at);
  return new Node(op, shape, op === 'argmax' ? 'int32' : x.dtype, [x], NONE, [at], a.backend);
}

export function concatNode(parts: readonly Node[], axis: number): Node {
  const first = parts[0];
  if (!first) throw new DiffusionError('SHAPE_MISMATCH', 'concat of no tensors: pass at least one', {});
  const at = axisOf(first.shape, axis);
  for (const { shape } of parts) {
    const fits = shape.length === first.shape.length && shape.every((size, d) => d === at || size === first.shape[d]);
    if (!fits) {
      const message = `concat of ${text(first.shape)} and ${text(shape)} along axis ${at}: all other sizes must be equal`;
      throw new DiffusionError('SHAPE_MISMATCH', message, { a: first.shape, b: shape, axis: at });
    }
  }
  if (parts.length === 1) return first;
  const dtype = commonType(parts);
  const total = parts.reduce((sum, part) => sum + part.shape[at]!, 0);
  const shape = first.shape.map((size, d) => (d === at ? total : size));
  return new Node(
    'concat',
    shape,
    dtype,
    parts.map((part) => castNode(part, dtype)),
    NONE,
    [at],
    commonBackend(parts),
  );
}

export function sliceNode(a: Node, axis: number, start: number, length: number): Node {
  const at = axisOf(a.shape, axis);
  const size = a.shape[at]!;
  const fits =
    Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 0 && start + length <= size;
  if (!fits) {
    const message = `slice of ${length} from ${start} along axis ${at} is outside shape ${text(a.shape)}`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { shape: a.shape, axis: at, start, length });
  }
  if (length === size) return a;
  return new Node(
    'slice',
    a.shape.map((n, d) => (d === at ? length : n)),
    a.dtype,
    [a],
    NONE,
    [at, start],
    a.backend,
  );
}

export function transposeNode(a: Node, permutation: readonly number[]): Node {
  const order = permutation.map((axis) => axisOf(a.shape, axis));
  if (order.length !== a.shape.length || new Set(order).size !== order.length) {
    const message = `transpose(${text(permutation)}) of shape ${text(a.shape)}: name every axis once`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { shape: a.shape, permutation });
  }
  return new Node(
    'transpose',
    order.map((d) => a.shape[d]!),
    a.dtype,
    [a],
    NONE,
    order,
    a.backend,
  );
}

/** The same elements in another shape; one size may be -1. */
export function viewNode(a: Node, shape: Shape): Node {
  const wanted = inferShape(shape, lengthOf(a.shape));
  if (sameShape(a.shape, wanted)) return a;
  if (isConstant(a)) return new Node('linear', wanted, a.dtype, NONE, a.params, NONE, undefined);
  return new Node('view', wanted, a.dtype, [a.op === 'view' ? a.args[0]! : a], NONE, NONE, a.backend);
}

/** The same value as a node of its own. */
export function sameNode(a: Node): Node {
  if (a.op === 'leaf' || a.op === 'host') return new Node('view', a.shape, a.dtype, [a], NONE, NONE, a.backend);
  const node = new Node(a.op, a.shape, a.dtype, a.args, a.params, a.layout, a.backend);
  node.whole = a.whole;
  return node;
}

/** The same value, which sums do not multiply out. */
export function wholeNode(a: Node): Node {
  const node = sameNode(a);
  node.whole = true;
  return node;
}

export function unsqueezeNode(a: Node, axis: number): Node {
  const at = axisOf(a.shape, axis, 1);
  return viewNode(a, [...a.shape.slice(0, at), 1, ...a.shape.slice(at)]);
}

function mapNode(op: MapOp, args: readonly Node[], dtype: DType, params: readonly number[] = NONE): Node {
  let shape = args[0]!.shape;
  for (let i = 1; i < args.length; i++) shape = broadcast(shape, args[i]!.shape);
  return new Node(op, shape, dtype, args, params, NONE, commonBackend(args));
}

/** `a` and `b` in one dtype, which `rule` picks from the tensors alone; a number becomes a constant of it. */
function operands(a: Node, b: Node | number, rule: (nodes: readonly Node[]) => DType): [Node, Node, DType] {
  const dtype = rule(typeof b === 'number' ? [a] : [a, b]);
  return [converted(a, dtype), operand(b, a.shape, dtype), dtype];
}

function operand(x: Node | number, shape: Shape, dtype: DType): Node {
  return typeof x === 'number' ? constantNode(x, shape, dtype) : converted(x, dtype);
}

/** `node` as an argument of an operation in `dtype`. Both float types compute in float32, so they need no cast. */
function converted(node: Node, dtype: DType): Node {
  if (node.dtype === dtype || (isFloat(node.dtype) && isFloat(dtype))) return node;
  return castNode(node, isFloat(dtype) ? 'float32' : dtype);
}

/** The one backend of all buffers below `nodes`; a second one is an error where the expression is written. */
export function commonBackend(nodes: readonly Node[]): Backend | undefined {
  let common: Backend | undefined;
  for (const { backend } of nodes) {
    if (backend === undefined || backend === common) continue;
    if (common !== undefined) throw backendMismatch(common, backend);
    common = backend;
  }
  return common;
}

export function backendMismatch(a: Backend, b: Backend): DiffusionError {
  return new DiffusionError(
    'BACKEND_MISMATCH',
    `tensors of the backends '${a.name}' and '${b.name}' meet in one expression; move one with tensor(await x.data(), x.shape, { backend })`,
    { a: a.name, b: b.name },
  );
}

function unfit(op: string, dtype: DType, advice: string): DiffusionError {
  return new DiffusionError('DTYPE_UNSUPPORTED', `${op} got a ${dtype} tensor: ${advice}`, { op, dtype });
}
