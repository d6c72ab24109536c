// The fast path for TensorFlow.js's cpu backend: its tensors are ordinary arrays, which unnoise's own CPU backend takes as they are.

import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type CpuBackend, createCpuBackend } from '@unnoise/backend-cpu';
import type { Handle, Kernel } from '@unnoise/core';

import type { TfDType } from '../dtypes.ts';
import type { FastPath, Launch } from '../launch.ts';
import { ARRAYS } from '../values.ts';
import { viewsOf } from '../views.ts';

export function hostPath(): FastPath {
  const cpu = createCpuBackend();
  const compile = (kernel: Kernel): Launch => {
    return (inputs, params, sizes) => {
      const handles = inputs.map((input) => hostHandle(cpu, input));
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

/** The elements as they lie there; copied where an operation of TensorFlow.js has left them in an array of another class. */
function hostHandle(cpu: CpuBackend, input: Tensor): Handle {
  const dtype = input.dtype as TfDType;
  const values = input.dataSync();
  return cpu.adopt(values, dtype) ?? cpu.upload(ARRAYS[dtype].from(values), dtype);
}
