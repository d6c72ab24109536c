// A backend for unnoise on ndarray: views with strides over typed arrays, and ndarray-ops, which loops over them. It computes one float32
// operation at a time and declines what ndarray-ops has no word for; the conformance suite holds it to both.

import { DiffusionError } from '@unnoise/core';
import ndarray from 'ndarray';
import ops from 'ndarray-ops';

/** @import { Backend, BackendStats, Capabilities, Handle, Kernel, KernelOp } from '@unnoise/core' */
/** @typedef {{ array: Float32Array | undefined }} Buffer */
/** @typedef {readonly number[]} Numbers */

/** @type {Capabilities} */
const CAPABILITIES = Object.freeze({
  dtypes: Object.freeze(['float32']),
  ops: Object.freeze(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'concat', 'slice', 'transpose']),
  maxOps: 1, // core cuts every expression into kernels of one operation
  maxBuffers: Infinity,
});

/** @returns {Backend} */
export function createNdarrayBackend() {
  const seen = new Set(); // nothing is compiled here, but a new kernel counts as that
  let [live, dispatches] = [0, 0];
  /** @returns {Buffer} */
  const buffer = (array) => (live++, { array });
  return {
    spec: 1,
    name: 'ndarray',
    capabilities: CAPABILITIES,
    upload(data, dtype) {
      requireFloat32(dtype);
      return buffer(Float32Array.from(data));
    },
    run(kernel, inputs, params, sizes) {
      const result = compute(kernel, inputs.map(arrayOf), params, sizes);
      seen.add(kernel.key);
      dispatches++;
      return [buffer(result.data)];
    },
    download: (handle) => arrayOf(handle).slice(),
    release(handle) {
      arrayOf(handle);
      handle.array = undefined;
      live--;
    },
    stats: () => ({ live, dispatches, compiles: seen.size }),
  };
}

/** One kernel. Sizes are as `KernelKind` of core lists them. */
function compute(kernel, arrays, params, sizes) {
  for (const { dtype } of [...kernel.inputs, ...kernel.outputs]) requireFloat32(dtype);
  if (kernel.kind === 'map') return map(kernel, arrays, params, sizes);
  const kind = KINDS[kernel.kind] ?? unsupported(kernel.reduce ?? kernel.kind);
  return kind(arrays, sizes);
}

/** An elementwise operation. An input that does not extend along a dimension has stride 0 there. */
function map({ inputs, ops: [op] }, arrays, params, sizes) {
  const views = arrays.map((array, i) => ndarray(array, sizes, stridesOf(sizes, inputs[i].dims)));
  const args = op.args.map((arg) => views[arg]);
  const numbers = op.params.map((place) => params[place]);
  const out = empty(sizes);
  (ELEMENTWISE[op.fn] ?? unsupported(op.fn))(out, args, numbers);
  return out;
}

const ELEMENTWISE = {
  linear,
  mul: (out, [a, b]) => ops.mul(out, a, b),
  div: (out, [a, b]) => ops.div(out, a, b),
  clamp(out, [a], [lo, hi]) {
    ops.maxs(out, a, lo);
    ops.minseq(out, hi);
  },
  max: (out, [a, b]) => ops.max(out, a, b),
  min: (out, [a, b]) => ops.min(out, a, b),
  exp: (out, [a]) => ops.exp(out, a),
  log: (out, [a]) => ops.log(out, a),
  sqrt: (out, [a]) => ops.sqrt(out, a),
  abs: (out, [a]) => ops.abs(out, a),
};

/** ((c1*a1 + c2*a2) + ...) + bias, in this order. */
function linear(out, args, numbers) {
  const product = empty(out.shape);
  for (const [i, a] of args.entries()) {
    ops.muls(i === 0 ? out : product, a, numbers[i]);
    if (i > 0) ops.addeq(out, product);
  }
  const bias = numbers[args.length];
  if (bias !== undefined) ops.addseq(out, bias); // without terms it is added to zeros
}

/** What moves elements is a view of the input, or of a part of the output, and one assignment. */
const KINDS = {
  slice([array], [outer, axis, inner, start, length]) {
    const part = ndarray(array, [outer, axis, inner]).lo(0, start, 0).hi(outer, length, inner);
    return assigned(empty([outer, length, inner]), part);
  },
  transpose([array], sizes) {
    const rank = sizes.length / 2;
    const view = ndarray(array, sizes.slice(0, rank)).transpose(...sizes.slice(rank));
    return assigned(empty(view.shape), view);
  },
  concat(arrays, [outer, inner, ...lengths]) {
    const out = empty([outer, lengths.reduce((sum, length) => sum + length, 0), inner]);
    let at = 0;
    for (const [i, length] of lengths.entries()) {
      assigned(out.lo(0, at, 0).hi(outer, length, inner), ndarray(arrays[i], [outer, length, inner]));
      at += length;
    }
    return out;
  },
};

function assigned(out, from) {
  ops.assign(out, from);
  return out;
}

const empty = (shape) => ndarray(new Float32Array(shape.reduce((product, size) => product * size, 1)), shape);

function stridesOf(sizes, extent) {
  let stride = 1;
  const strides = sizes.map(() => 0);
  for (let d = sizes.length - 1; d >= 0; d--) {
    if (!extent[d]) continue;
    strides[d] = stride;
    stride *= sizes[d];
  }
  return strides;
}

function requireFloat32(dtype) {
  if (dtype === 'float32') return;
  throw new DiffusionError('DTYPE_UNSUPPORTED', `ndarray-backend stores float32, not ${dtype}. Cast it first.`, {
    dtype,
  });
}

function unsupported(op) {
  throw new DiffusionError('OP_UNSUPPORTED', `ndarray-backend has no ${op}. Its capabilities list what it has.`, {
    op,
  });
}

function arrayOf(handle) {
  if (handle.array) return handle.array;
  throw new DiffusionError('DISPOSED', 'A buffer of ndarray-backend was used after its release. Release it last.');
}
