// What other parts of core and its users see of tensors.

export { defaultBackend, resolveDefaultBackend, setDefaultBackend } from './default-backend.ts';
export { describe } from './describe.ts';
export {
  adopt,
  concat,
  iota,
  linear,
  logAddExp,
  logSumExp,
  nativeOf,
  rounded,
  tensor,
  type TensorOptions,
  where,
} from './functions.ts';
export { floatsToHalves, floatToHalf, halfToFloat, halvesToFloats } from './half.ts';
export type { Float16ArrayLike, HostData } from './host.ts';
export type { Node, NodeOp } from './node.ts';
export { realize, type RealizeOptions, realizeStep } from './realize.ts';
export { Tensor } from './tensor.ts';
export type { DType, Shape, TypedArray } from './types.ts';
