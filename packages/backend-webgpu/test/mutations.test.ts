// Planted faults: a device that changes what the backend tells it, and the conformance case that must notice.

import { backendCases, runCases } from '@unnoise/conformance';
import { expect, it } from 'vitest';

import { createWebGpuBackend } from '../src/index.ts';
import { altered } from './altered.ts';
import { describeOnDriver, deviceInNode } from './gpu.ts';

type Methods = Partial<Record<'createShaderModule' | 'createBuffer' | 'createBindGroup', unknown>> & {
  readonly writeBuffer?: (real: GPUQueue['writeBuffer'], ...args: Parameters<GPUQueue['writeBuffer']>) => void;
};

type Fault = (device: GPUDevice) => Methods;

/** Shaders in which the text is another one. */
const inShader =
  (from: string | RegExp, to: string): Fault =>
  (device) => ({
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) =>
      device.createShaderModule({ code: code.replaceAll(from, to) }),
  });

/** Numbers reach a uniform once and never again. */
const staleUniforms: Fault = () => {
  const written = new Set<GPUBuffer>();
  return {
    writeBuffer: (real, buffer, ...rest) => {
      if ((buffer.usage & 0x40) !== 0 && written.has(buffer)) return;
      written.add(buffer);
      real(buffer, ...rest);
    },
  };
};

/** Every tensor of a size gets the buffer that the last one has. */
const reusedTooEarly: Fault = (device) => {
  const buffers = new Map<string, GPUBuffer>();
  return {
    createBuffer: (descriptor: GPUBufferDescriptor) => {
      const key = `${descriptor.size} ${descriptor.usage}`;
      const buffer = buffers.get(key) ?? device.createBuffer(descriptor);
      if (descriptor.usage & 0x80) buffers.set(key, buffer);
      return buffer;
    },
  };
};

const FAULTS: Readonly<Record<string, readonly [fault: Fault, caughtBy: string]>> = {
  'the last vector of four is left out': [
    inShader('quad < numbers.words[0].x', 'quad + 1u < numbers.words[0].x'),
    'backend/map/linear:dtype=float32;n=2;layout=odd',
  ],
  'coefficients are exchanged': [
    inShader('let p0 = numbers.params[0].x', 'let p0 = numbers.params[0].y'),
    'backend/map/linear:dtype=float32;n=2;layout=contiguous',
  ],
  'a broadcast input has the wrong stride': [
    inShader(/at(\d+) = c0 \* numbers\.words\[\d\]\.[xyzw]/g, 'at$1 = c0 * 1u'),
    'backend/map/mul:dtype=float32;layout=broadcast-alternating',
  ],
  'the elements of a vector share a place': [
    inShader('vec4u(0u, 1u, 2u, 3u)', 'vec4u(0u, 0u, 2u, 3u)'),
    'backend/map/mul:dtype=float32;layout=broadcast-row',
  ],
  'a uniform keeps the numbers of its first run': [staleUniforms, 'backend/buffer/interleaved'],
  'a buffer serves again while it is in use': [
    reusedTooEarly,
    'backend/map/linear:dtype=float32;n=2;layout=contiguous',
  ],
  'max loses a NaN': [
    inShader(/fn larger.*/g, 'fn larger(a: vec4f, b: vec4f) -> vec4f { return select(b, a, a > b); }'),
    'backend/map/max:dtype=float32;values=special',
  ],
  'NaN equals itself': [inShader('same & !isNan(a)', 'same'), 'backend/map/eq:dtype=float32;values=special'],
  'exp drops the small part of ln 2': [
    inShader('2.12194440e-4', '0.0'),
    'backend/map/exp:dtype=float32;layout=contiguous',
  ],
  'log has a wrong term': [inShader('1.0 / 3.0', '1.0 / 3.5'), 'backend/map/log:dtype=float32;layout=contiguous'],
  'float16 is cut off, not rounded': [
    inShader(' + vec4u(0xfffu) + ((rest >> vec4u(13u)) & vec4u(1u))', ''),
    'backend/map/cast:from=float32;dtype=float16',
  ],
  'a broadcast float16 comes from the other half of its word': [
    inShader('(at & vec4u(1u)) << vec4u(4u)', '(~at & vec4u(1u)) << vec4u(4u)'),
    'backend/map/mul:dtype=float16;layout=broadcast-row',
  ],
  'threads of a long line are not all joined': [
    inShader('half > 0u', 'half > 1u'),
    'backend/reduce/sum:dtype=float32;axis=long',
  ],
  'a maximum along an axis loses a NaN': [
    inShader(/fn isNan\(x: f32\).*/g, 'fn isNan(x: f32) -> bool { return false; }'),
    'backend/reduce/amax:dtype=float32;values=special',
  ],
  'argmax takes the last of equals': [
    inShader('a.place < b.place)', 'a.place > b.place)'),
    'backend/reduce/argmax:dtype=int32;values=ties',
  ],
  'parts of concat start where the output does': [
    inShader('numbers.words[1].x - numbers.words[1].y', '0u'),
    'backend/layout/concat:dtype=float32;at=middle',
  ],
  'slice starts at the front': [
    inShader('+ numbers.words[0].w + i %', '+ i %'),
    'backend/layout/slice:dtype=float32;at=middle',
  ],
  'transpose follows one dimension': [
    inShader('at += ', 'at = '),
    'backend/layout/transpose:dtype=float32;at=channels-last',
  ],
};

const outcome = async (fault: Fault, id: string) => {
  const device = await deviceInNode();
  const { writeBuffer, ...methods } = fault(device);
  const queue = writeBuffer
    ? altered(device.queue, { writeBuffer: writeBuffer.bind(undefined, device.queue.writeBuffer.bind(device.queue)) })
    : device.queue;
  const backend = await createWebGpuBackend({ device: altered(device, { ...methods, queue }) });
  const { results } = await runCases(backendCases(), backend, { query: id });
  backend.destroy();
  device.destroy();
  return results[0]!;
};

describeOnDriver('the suite finds out that', () => {
  it.each(Object.entries(FAULTS))('%s', async (_, [fault, id]) => {
    expect((await outcome(() => ({}), id)).outcome, 'without the fault').toBe('pass');
    const found = await outcome(fault, id);
    expect(found.outcome, found.message).toBe('fail');
  });
});
