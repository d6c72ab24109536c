// Run by traps.test.ts in a process of its own: the conformance suite on onnxruntime-node's WebGPU provider, tensors on the device.

import { backendCases, exactCases, runCases } from '@unnoise/conformance';
import { realize, tensor } from '@unnoise/core';

import { fromOrt, toOrt } from '../src/index.ts';
import { graphsOnGpu } from './in-node.ts';

const backend = graphsOnGpu();

const x = tensor(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3], { backend });
const doubled = x.mul(2);
await realize(doubled);
const { location, dims } = await toOrt(doubled);
const again = fromOrt(await toOrt(doubled), backend).mul(0.5);
if ((await again.data()).join() !== '1,2,3,4,5,6')
  throw new Error('a tensor on the device was not read as it was written');
for (const one of [x, doubled, again]) one.dispose();

const { results } = await runCases([...backendCases(), ...exactCases()], backend, { query: 'backend/*' });
const failed = results.filter(({ outcome }) => outcome === 'fail');
console.log(JSON.stringify({ cases: results.length, failed, location, shape: dims }));
