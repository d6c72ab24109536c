// docs/performance.md, from a report.

import { goals, hostTable, kernelTable, ortTable, type Report, stepTable, tfjsTable, webgpuTable } from './report.ts';

const versions = ({ torch }: Report): string =>
  typeof torch === 'string'
    ? `The columns of diffusers are missing: ${torch}.`
    : `The last columns are the same loop in diffusers ${torch[0]!.diffusers} on torch ${torch[0]!.torch}, measured on the same machine right after.`;

const onOtherRuntimes = (report: Report): string => `## In TensorFlow.js

The same sum on tensors of TensorFlow.js's wasm backend. *Five operations* is what one would write: \`tf.mul\` and \`tf.add\` in a
\`tf.tidy\`. The others are \`@unnoise/backend-tfjs\`: *not fused* with its fast path switched off, *fused* as one generated kernel
in TensorFlow.js's heap, *as an expression* with everything that the library does around it.

${tfjsTable(report)}

## On ONNX Runtime's tensors

A step between two calls of a session in onnxruntime-node, on one thread of its CPU provider. *Kernels*: \`createOrtBackend\`, with all
that \`fromOrt\`, \`step\`, \`scaleModelInput\` and \`toOrt\` do. *As graphs*: the same through \`createOrtGraphBackend\`.
*Session's own run*: the step
alone as an ONNX graph, as \`unnoise export-step\` writes it. It is compared with what the kernels compute in \`step\`; both have the
library around them, or a loop of your own.

${ortTable(report)}

## On WebGPU

The same steps through \`@unnoise/backend-webgpu\` in Node, until the GPU has its commands, on a WebGPU without a driver: what the library
and Dawn do on the host. *Unfused* is one dispatch for each operation. Compiles and readbacks are those of all runs together. What
a GPU then needs depends on the GPU.

${webgpuTable(report)}`;

export function page(report: Report): string {
  return `# Performance

<!-- Written by \`npm run bench -- --write\`. -->

Measured on ${report.date}: ${report.machine}.

Times are minimum / median. Minima come closest to a quiet machine, and ratios of minima are sound, because what is compared
runs in alternating rounds of one process. Run \`npm run bench\` for the figures of your machine.

## A step of a scheduler

Everything a sampling loop does besides the model, for latents of shape [1, 4, 64, 64]: \`scaleModelInput\`, \`step\`, and
disposing what is old. *Ordinary arrays*: samples and model outputs are Float32Arrays, as model runtimes give them. *In
place*: they lie in memory from \`cpu.allocate\`. *Host only*: on a backend that computes nothing, so what the library itself
costs. ${versions(report)}

${stepTable(report)}

## The kernel against the memory

The arithmetic of a step is a weighted sum of a few arrays. Here are three terms, \`a*x + b*e + c*n\`, beside
\`Float32Array.prototype.set\` of the same length. *Of copy* compares bandwidths: a copy moves 8 bytes per element, this sum 16.
In place the sum is limited by the memory alone. Ordinary arrays have to be copied in and out of WebAssembly's memory, block by
block, which doubles what the processor moves.

${kernelTable(report)}

${onOtherRuntimes(report)}

## On the host

Noise is torch's own stream, number for number. The quantile belongs to dynamic thresholding.

${hostTable(report)}

## Goals

${goals(report)}
`;
}
