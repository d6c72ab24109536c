// What the ONNX path can compute: everything.

import type { Capabilities, DType, OpName } from '@unnoise/core';

export const CAPABILITIES: Capabilities = Object.freeze<Capabilities>({
  dtypes: Object.freeze<DType[]>(['float32', 'float16', 'int32', 'bool']),
  ops: Object.freeze<OpName[]>([
    ...(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'eq', 'where', 'cast'] as const),
    ...(['sum', 'amax', 'amin', 'argmax', 'concat', 'slice', 'transpose'] as const),
  ]),
  maxOps: Infinity,
  maxBuffers: 64,
});
