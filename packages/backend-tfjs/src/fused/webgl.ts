// The fast path for TensorFlow.js's webgl backend: a fragment shader of ours, run by its own `compileAndRun`. The names used here
// are TensorFlow.js's own; without them there is no fast path.

import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernel } from '@unnoise/core';

import type { FastPath } from '../launch.ts';
import { canPrint, type Dialect, statements, valueName } from './printer.ts';
import { launchOf, type RunProgram } from './programs.ts';

interface WebGlBackend {
  compileAndRun?(
    program: object,
    inputs: readonly TensorInfo[],
    dtype: string,
    uniforms: readonly (readonly number[])[],
  ): TensorInfo;
}

/** Textures that WebGL 2 promises to one shader, and the one that it writes. */
const TEXTURES = 17;

/** Undefined where this is not the webgl backend that we know. */
export function webglPath(backend: KernelBackend): FastPath | undefined {
  const inside = backend as unknown as WebGlBackend;
  if (typeof inside.compileAndRun !== 'function') return undefined;
  return {
    maxBuffers: TEXTURES,
    compile: (kernel, plain) => (canPrint(kernel) ? launchOf(kernel, plain, programOf(kernel, inside)) : undefined),
  };
}

const GLSL: Dialect = {
  define: (name, expression) => `float ${name} = ${expression};`,
  param: (i) => `k${i}`,
  choose: (condition, yes, no) => `(${condition} ? ${yes} : ${no})`,
  nan: 'NAN',
};

function programOf(kernel: Kernel, backend: WebGlBackend): RunProgram {
  const variableNames = kernel.inputs.map((_, i) => `X${i}`);
  const loads = variableNames.map((name, i) => GLSL.define(valueName(i), `get${name}AtOutCoords()`)).join('\n');
  const body = `${loads}\n${statements(kernel, GLSL)}`;
  return (value, inputs, outputShape, params) => {
    const program = {
      variableNames,
      outputShape,
      customUniforms: params.map((_, i) => ({ name: `k${i}`, type: 'float' })),
      userCode: `void main() {
        ${body}
        setOutput(${valueName(value)});
      }`,
    };
    return backend.compileAndRun!(
      program,
      inputs,
      'float32',
      params.map((x) => [x]),
    );
  };
}
