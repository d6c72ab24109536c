// Public functions over tensors: how they are made, and the operations that are not methods.

import type { Backend } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import { floatType } from './dtype.ts';
import { concatNode, constantNode, linearNode, whereNode, wholeNode } from './expression.ts';
import { hostArray, type HostData } from './host.ts';
import { Node, NONE, Storage } from './node.ts';
import { axisOf, broadcast, checkedShape, lengthOf } from './shape.ts';
import { Tensor } from './tensor.ts';
import type { DType, Shape } from './types.ts';

export interface TensorOptions {
  /** Default: float32 for numbers, Float32Array and Float64Array; float16 for Float16Array and Uint16Array (bits); int32; Uint8Array is bool. */
  readonly dtype?: DType;
  /** Default: that of the expression it is used in, else the default backend. */
  readonly backend?: Backend;
}

/** A tensor of host data. The array is not copied before it is used: do not write to it. Errors: SHAPE_MISMATCH, DTYPE_UNSUPPORTED. */
export function tensor(data: HostData, shape: Shape, options: TensorOptions = {}): Tensor {
  const host = hostArray(data, options.dtype);
  return hostTensor(host.data, checkedShape(shape, data.length), host.dtype, options.backend);
}

function hostTensor(data: Node['data'], shape: Shape, dtype: DType, backend?: Backend): Tensor {
  const node = new Node('host', shape, dtype, NONE, NONE, NONE, backend);
  node.data = data;
  return new Tensor(node);
}

/** A tensor on memory that already exists in the backend's runtime, without a copy. Error: BACKEND_MISMATCH if it does not fit. */
export function adopt(native: unknown, shape: Shape, dtype: DType, backend: Backend): Tensor {
  const sizes = checkedShape(shape);
  const handle = backend.adopt?.(native, dtype, lengthOf(sizes));
  if (handle === undefined) {
    const message = `the backend '${backend.name}' cannot adopt this value as ${dtype}; copy it in with tensor(data, shape)`;
    throw new DiffusionError('BACKEND_MISMATCH', message, { backend: backend.name, dtype });
  }
  const node = new Node('leaf', sizes, dtype, NONE, NONE, NONE, backend);
  node.storage = new Storage(backend, handle);
  return new Tensor(node);
}

/** The value behind a realised tensor in its backend's runtime, to hand to a model without a copy; undefined if there is none. */
export function nativeOf(x: Tensor): unknown {
  const { storage } = x.node;
  return storage && storage.backend.native?.(storage.handle);
}

/** c1*x1 + ... + cn*xn + bias, the normal form itself: for papers that give tables of coefficients. */
export function linear(terms: readonly (readonly [coefficient: number, x: Tensor])[], bias?: number): Tensor {
  return new Tensor(
    linearNode(
      terms.map(([c]) => c),
      terms.map(([, x]) => x.node),
      bias,
    ),
  );
}

/**
 * The same value, which sums take as it is, rounded once, instead of multiplying it out. For a small difference of large terms that is used
 * several times: its uses then have one rounding error in common, which cancels where they are subtracted. It needs no kernel of its own.
 */
export function rounded(x: Tensor): Tensor {
  return new Tensor(wholeNode(x.node));
}

/** Where `condition` (bool) is true `a`, else `b`; all broadcast. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  return new Tensor(whereNode(condition.node, operand(a), operand(b)));
}

const operand = (x: Tensor | number): Node | number => (typeof x === 'number' ? x : x.node);

/** Joins tensors along an axis; all other sizes are equal. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  return new Tensor(
    concatNode(
      parts.map((part) => part.node),
      axis,
    ),
  );
}

/** int32 coordinates 0, 1, ... along `axis` of `shape`. All other sizes are 1, so it broadcasts against a tensor of that shape. */
export function iota(shape: Shape, axis: number): Tensor {
  const at = axisOf(shape, axis);
  const data = Int32Array.from({ length: shape[at]! }, (_, i) => i);
  return hostTensor(
    data,
    shape.map((size, d) => (d === at ? size : 1)),
    'int32',
  );
}

/** log(sum(exp(x))) over an axis, which disappears. The maximum is taken out first; rows of -Infinity give -Infinity, as torch.logsumexp. */
export function logSumExp(x: Tensor, axis: number): Tensor {
  const at = axisOf(x.shape, axis);
  const peak = finite(x.amax(at));
  return x.sub(peak.unsqueeze(at)).exp().sum(at).log().add(peak);
}

/** log(exp(a) + exp(b)), elementwise, safe for -Infinity, as torch.logaddexp. */
export function logAddExp(a: Tensor | number, b: Tensor | number): Tensor {
  const given = [a, b].filter((v) => typeof v !== 'number').map((v) => v.node);
  const shape = given.reduce<Shape>((sizes, { shape }) => broadcast(sizes, shape), NONE);
  const [x, y] = [a, b].map((v) =>
    typeof v === 'number' ? new Tensor(constantNode(v, shape, floatType(given))) : v,
  ) as [Tensor, Tensor];
  const peak = finite(x.maximum(y));
  return x.sub(peak).exp().add(y.sub(peak).exp()).log().add(peak);
}

/** Infinities become the largest finite number of the dtype, so that subtracting a maximum never gives Infinity - Infinity. */
function finite(x: Tensor): Tensor {
  const largest = x.dtype === 'float16' ? 65504 : 3.4028234663852886e38;
  return x.clamp(-largest, largest);
}
