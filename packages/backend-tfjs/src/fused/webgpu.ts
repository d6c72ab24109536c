// The fast path for TensorFlow.js's webgpu backend: a compute shader of ours, run by its own `runWebGPUProgram`, so that it is in
// order with its other work. The names used here are TensorFlow.js's own; without them there is no fast path.

import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '@unnoise/core';

import type { FastPath } from '../launch.ts';
import { canPrint, type Dialect, statements, valueName } from './printer.ts';
import { launchOf, type RunProgram } from './programs.ts';

interface WebGpuBackend {
  readonly device?: { readonly limits?: { readonly maxStorageBuffersPerShaderStage?: number } };
  runWebGPUProgram?(
    program: object,
    inputs: readonly TensorInfo[],
    dtype: string,
    uniforms: readonly { type: string; data: readonly number[] }[],
  ): TensorInfo;
}

/** Undefined where this is not the webgpu backend that we know. */
export function webgpuPath(backend: KernelBackend): FastPath | undefined {
  const inside = backend as unknown as WebGpuBackend;
  if (typeof inside.runWebGPUProgram !== 'function') return undefined;
  return {
    maxBuffers: inside.device?.limits?.maxStorageBuffersPerShaderStage ?? 8,
    compile: (kernel, plain) => (canPrint(kernel) ? launchOf(kernel, plain, programOf(kernel, inside)) : undefined),
  };
}

const WGSL: Dialect = {
  define: (name, expression) => `let ${name} = ${expression};`,
  param: (i) => `uniforms.k${i}`,
  choose: (condition, yes, no) => `select(${no}, ${yes}, ${condition})`,
  nan: 'uniforms.NAN',
};

const WORKGROUP = 64;

function programOf(kernel: Kernel, backend: WebGpuBackend): RunProgram {
  const variableNames = kernel.inputs.map((_, i) => `X${i}`);
  const loads = variableNames.map((name, i) => WGSL.define(valueName(i), `get${name}ByOutputIndex(index)`)).join('\n');
  const body = `${loads}\n${statements(kernel, WGSL)}`;
  return (value, inputs, outputShape, params) => {
    const program = {
      variableNames,
      outputShape,
      uniforms: params.map((_, i) => `k${i} : f32,`).join(' '),
      workgroupSize: [WORKGROUP, 1, 1],
      dispatchLayout: { x: outputShape.map((_, d) => d) },
      dispatch: [Math.ceil(outputShape.reduce((a, b) => a * b, 1) / WORKGROUP), 1, 1],
      size: true,
      shaderKey: `unnoise ${value} ${kernel.key}`,
      getUserCode: () => `fn main(index : i32) {
        if (index >= uniforms.size) { return; }
        ${body}
        setOutputAtIndex(index, ${valueName(value)});
      }`,
    };
    const uniforms = params.map((x) => ({ type: 'float32', data: [x] }));
    return backend.runWebGPUProgram!(program, inputs, 'float32', uniforms);
  };
}
