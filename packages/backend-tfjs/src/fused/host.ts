// The fast path for TensorFlow.js's cpu backend: its tensors are ordinary arrays, which unnoise's own CPU backend takes as they are.

import { tensor } from '@tensorflow/tfjs-core';
import { createCpuBackend } from '@unnoise/backend-cpu';
import type { Handle, Kernel } from '@unnoise/core';

import type { TfDType } from '../dtypes.ts';
import type { FastPath, Launch } from '../launch.ts';
import { viewsOf } from '../views.ts';

export function hostPath(): FastPath {
  const cpu = createCpuBackend();
  const compile = (kernel: Kernel): Launch => {
    return (inputs, params, sizes) => {
      const handles: Handle[] = inputs.map((input) => cpu.adopt(input.dataSync(), input.dtype as TfDType)!);
      const results = cpu.run(kernel, handles, params, sizes);
      const shape = kernel.kind === 'map' ? viewsOf(kernel, inputs, sizes).output : undefined;
      const outputs = results.map((result, i) => {
        const values = cpu.native(result);
        return tensor(values as Float32Array, [...(shape ?? [values.length])], kernel.outputs[i]!.dtype as TfDType);
      });
      for (const handle of [...handles, ...results]) cpu.release(handle);
      return outputs;
    };
  };
  return { maxBuffers: cpu.capabilities.maxBuffers, compile };
}
