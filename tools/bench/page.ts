// docs/performance.md, from a report.

import { moreKernels, raceTables, slower } from './race-report.ts';
import {
  backendTable,
  goals,
  hostTable,
  imageTable,
  kernelTable,
  noiseTable,
  ortTable,
  type Report,
  tfjsTable,
} from './report.ts';

function versions({ race: { versions: found } }: Report): string {
  if (typeof found === 'string') return `The columns of upstream are missing: ${found}.`;
  return `*Upstream* is diffusers ${found.diffusers} on torch ${found.torch}, and where it says so k-diffusion 0.1.1 with its denoiser, on one thread and on
as many as torch takes by itself, ${found.threads}.`;
}

const steps = (report: Report): string => `## A step of a scheduler, beside diffusers

Everything a sampling loop does besides the model: \`scaleModelInput\`, \`step\`, and disposing what is old. Every scheduler has its own run of
20 steps (2 or 4 where it is one of few steps or follows a Brownian path), in rounds of this process and Python's in turn. A time
is the fastest of all rounds for each step of the run, averaged over the run, so that cheap steps do not stand for dear ones.

- *In place*: samples and model outputs lie in the backend's memory (\`cpu.allocate\`), as torch's lie in torch's. *Ordinary arrays*: they are
  Float32Arrays, as model runtimes give them, and are copied in and out.
- *Kernels*: fused passes over the sample, counted by the backend; "1 + 1" is one for \`scaleModelInput\` and one for \`step\`, between which the model is
  called. \`prevSample\` and \`predOriginalSample\` come from the same pass.
- *Noise*: normal numbers drawn for each element of the sample. *Host only*: on a backend that computes nothing, so what the library itself
  costs, with the noise.
- *Faster*: upstream at its fastest over this library.

${versions(report)} VQ-Diffusion and aMUSEd step
from tokens to tokens, not on latents of these shapes, and are not raced; k-diffusion 0.1.1 has no Restart.

${raceTables(report.race)}

### More than one kernel

The mathematics of every other step allows one pass, and it takes one. Of these it does not:

${moreKernels(report.race)}

### Less than three times faster

${slower(report.race)}

On ordinary arrays the copies cost more than the arithmetic from [1, 4, 128, 128] on: keep samples and model outputs in place there.

## Noise

${noiseTable(report)}`;

const runtimes = (report: Report): string => `## Every backend

A step alone, tensors already on the backend. *Naive* is the same on the same backend with one kernel, ONNX graph, dispatch or chain of TensorFlow.js
operations for each operation of the expression. It is no straw man: the expression has been folded before, so that a weighted sum of any length is one
operation. Dispatches and readbacks are the most that one step makes, compiles those of all runs together.
WebGPU is measured on the host, in Node on Dawn without a driver: what the library and Dawn take until the commands are recorded. What a GPU then needs
depends on the GPU, and this machine has none; a software driver would say nothing about it.

${backendTable(report)}

## In TensorFlow.js

\`a*x + b*e + c*n\` on tensors of TensorFlow.js's wasm backend. *Five operations* is what one would write: \`tf.mul\` and \`tf.add\` in a
\`tf.tidy\`. The others are \`@unnoise/backend-tfjs\`: *not fused* with its fast path switched off, *fused* as one generated kernel
in TensorFlow.js's heap, *as an expression* with everything that the library does around it.

${tfjsTable(report)}

## On ONNX Runtime's tensors

A step between two calls of a session in onnxruntime-node, on one thread of its CPU provider. *Kernels*: \`createOrtBackend\`, with all
that \`fromOrt\`, \`step\`, \`scaleModelInput\` and \`toOrt\` do. *As graphs*: the same through \`createOrtGraphBackend\`.
*Session's own run*: the step alone as an ONNX graph, as \`unnoise export-step\` writes it. It is compared with what the kernels compute in
\`step\`; both have the library around them, or a loop of your own.

${ortTable(report)}`;

export function page(report: Report): string {
  return `# Performance

<!-- Written by \`npm run bench -- --write\`. -->

Measured on ${report.date}: ${report.machine}.

Times are minimum / median where there are two. Minima come closest to a quiet machine, and ratios of minima are sound, because what is
compared runs in alternating rounds of one run. Run \`npm run bench\` for the figures of your machine.

## Goals

${goals(report)}

${steps(report)}

## The kernel against the memory

The arithmetic of a step is a weighted sum of a few arrays. Here are three terms, \`a*x + b*e + c*n\`, beside
\`Float32Array.prototype.set\` of the same length. *Of copy* compares bandwidths: a copy moves 8 bytes per element, this sum 16.
In place the sum is limited by the memory alone. Ordinary arrays have to be copied in and out of WebAssembly's memory, block by
block, which doubles what the processor moves.

${kernelTable(report)}

## Dynamic thresholding

The quantile that it needs, found without sorting.

${hostTable(report)}

${runtimes(report)}

## A picture

The emoji model of this repository (\`node tools/run.mjs bench:image\`): text to a picture of 64 × 64, on two threads of onnxruntime-node, DPM-Solver++ 2M.

${imageTable(report)}
`;
}
