// The rest of the contract: capabilities, buffers and their lifetime, kernels that are compiled once, and adopted memory.

import type { Backend, DType } from '@unnoise/core';
import { realize, tensor } from '@unnoise/core';
import type { Capability, Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import { input, normals, numbersOf } from './values.ts';

const DTYPES: readonly DType[] = ['float32', 'float16', 'int32', 'bool'];
const OPS: readonly string[] =
  `max min exp log sqrt abs eq where cast sum amax amin argmax concat slice transpose linear mul div clamp`.split(' ');

type Run = (backend: Backend, check: Check) => void | Promise<void>;

function contractCase(id: string, spec: string, needs: readonly Capability[], run: Run): Case<Backend> {
  return { id: `backend/${id}`, needs, spec, run: async (backend, check) => run(backend, check) };
}

function* capabilityCases(): Iterable<Case<Backend>> {
  yield contractCase('capabilities/frozen', 'capabilities are one frozen object', [], (backend, check) => {
    const { capabilities } = backend;
    check.ok(capabilities === backend.capabilities, 'capabilities is another object each time it is read.');
    for (const [name, value] of [
      ['capabilities', capabilities],
      ['dtypes', capabilities.dtypes],
      ['ops', capabilities.ops],
    ] as const) {
      check.ok(Object.isFrozen(value), `${name} is not frozen: a suite could change what the backend declares.`);
    }
  });
  yield contractCase(
    'capabilities/valid',
    'capabilities name known operations and dtypes once, and limits that a kernel can meet',
    [],
    (backend, check) => {
      const { dtypes, ops, maxOps, maxBuffers } = backend.capabilities;
      check.equal(backend.spec, 1, 'spec');
      check.ok(typeof backend.name === 'string' && backend.name !== '', 'the backend has no name.');
      check.ok(dtypes.includes('float32'), `dtypes are ${dtypes.join(', ')}: float32 is required.`);
      check.equal(
        [...new Set(dtypes)].filter((dtype) => DTYPES.includes(dtype)),
        dtypes,
        'dtypes',
      );
      check.equal(
        [...new Set(ops)].filter((op) => OPS.includes(op)),
        ops,
        'ops',
      );
      check.ok(maxOps >= 1, `maxOps is ${maxOps}: one operation is the least.`);
      check.ok(maxBuffers >= 3, `maxBuffers is ${maxBuffers}: a binary operation needs three.`);
    },
  );
}

const HOST: Readonly<Record<DType, () => Float32Array | Uint16Array | Int32Array | Uint8Array>> = {
  float32: () => Float32Array.from([0, -0, 1.5, -2e-38, 3.4e38, NaN, Infinity, -Infinity, 0.1]),
  float16: () => Uint16Array.from([0, 0x8000, 0x3c00, 0x0001, 0x7bff, 0x7e00, 0x7c00, 0xfc00, 0x3555]),
  int32: () => Int32Array.from([0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 12_345_678]),
  bool: () => Uint8Array.from([0, 1, 1, 0, 1]),
};

function* bufferCases(): Iterable<Case<Backend>> {
  for (const dtype of DTYPES) {
    const needs: Capability[] = [`dtype:${dtype}`];
    yield contractCase(
      caseId('buffer/round-trip', { dtype }),
      'what is uploaded comes back bit for bit',
      needs,
      async (backend, check) => {
        const data = HOST[dtype]();
        const handle = backend.upload(data, dtype);
        const back = await backend.download(handle);
        backend.release(handle);
        check.equal(
          Array.from(numbersOf(back, dtype), String),
          Array.from(numbersOf(data, dtype), String),
          'the downloaded array',
        );
      },
    );
    yield contractCase(
      caseId('buffer/zero-size', { dtype }),
      'an empty array is an ordinary one',
      needs,
      async (backend, check) => {
        const handle = backend.upload(HOST[dtype]().subarray(0, 0), dtype);
        check.equal((await backend.download(handle)).length, 0, 'the length');
        backend.release(handle);
      },
    );
    yield contractCase(
      caseId('buffer/upload-copies', { dtype }),
      'an uploaded array may be changed at once',
      needs,
      async (backend, check) => {
        const data = HOST[dtype]();
        const before = numbersOf(data, dtype);
        const handle = backend.upload(data, dtype);
        data.fill(1);
        const back = numbersOf(await backend.download(handle), dtype);
        backend.release(handle);
        check.close(back, before, 0, 'the downloaded array');
      },
    );
  }
}

function* lifetimeCases(): Iterable<Case<Backend>> {
  yield contractCase(
    'buffer/download-copies',
    "a downloaded array is the caller's: changing it changes no buffer",
    [],
    async (backend, check) => {
      const handle = backend.upload(Float32Array.of(1, 2, 3), 'float32');
      (await backend.download(handle)).fill(9);
      const again = await backend.download(handle);
      backend.release(handle);
      check.close(again, [1, 2, 3], 0, 'the second download');
    },
  );
  yield contractCase('buffer/reuse', 'a released buffer that is used again does not show through', [], reusesCleanly);
  yield contractCase(
    'buffer/interleaved',
    'two computations under way at once do not disturb each other',
    [],
    interleaves,
  );
  yield contractCase('buffer/view', 'a subarray is uploaded from its own start', [], async (backend, check) => {
    const handle = backend.upload(Float32Array.of(9, 9, 1, 2, 3, 9).subarray(2, 5), 'float32');
    const back = await backend.download(handle);
    backend.release(handle);
    check.close(back, [1, 2, 3], 0, 'the downloaded array');
  });
}

async function reusesCleanly(backend: Backend, check: Check): Promise<void> {
  for (let round = 1; round <= 20; round++) {
    const size = 1 + ((round * 37) % 200);
    const x = tensor(new Float32Array(size).fill(round), [size], { backend });
    const y = x.mul(2);
    await y.realize();
    check.close(await y.data(), new Float32Array(size).fill(2 * round), 0, `round ${round}`);
    y.dispose();
    x.dispose();
  }
}

async function interleaves(backend: Backend, check: Check): Promise<void> {
  const starts = Array.from({ length: 8 }, (_, i) => tensor(normals(i + 1, 300), [300], { backend }));
  const results = starts.map((x, i) => x.mul(i + 1).clamp(-2, 2));
  await Promise.all(results.map((result) => result.realize()));
  for (const [i, result] of results.entries()) {
    const expected = normals(i + 1, 300).map((x) => Math.min(2, Math.max(-2, Math.fround(x * (i + 1)))));
    check.close(await result.data(), expected, 1e-6, `computation ${i}`);
  }
  for (const one of [...starts, ...results]) one.dispose();
}

/** Kernels are compiled by structure: numbers and sizes are not part of them. */
function* kernelCases(): Iterable<Case<Backend>> {
  const step = async (backend: Backend, c: number, size: number): Promise<void> => {
    const x = tensor(normals(1, size), [size], { backend });
    const y = x.mul(c).clamp(-c, c);
    await realize(y);
    y.dispose();
    x.dispose();
  };
  yield contractCase(
    'kernel/coefficients',
    'other coefficients need no other kernel',
    ['stats'],
    async (backend, check) => {
      await step(backend, 0.5, 100);
      const { compiles } = backend.stats!();
      for (const c of [0.7, 1, 0, 3]) await step(backend, c, 100);
      check.equal(backend.stats!().compiles, compiles, 'the number of compiled kernels after 4 more coefficients');
    },
  );
  yield contractCase('kernel/sizes', 'other sizes need no other kernel', ['stats'], async (backend, check) => {
    await step(backend, 0.5, 100);
    const { compiles } = backend.stats!();
    for (const size of [1, 99, 5000]) await step(backend, 0.5, size);
    check.equal(backend.stats!().compiles, compiles, 'the number of compiled kernels after 3 more sizes');
  });
  yield contractCase('kernel/dispatches', 'stats counts kernels as they run', ['stats'], async (backend, check) => {
    const { dispatches } = backend.stats!();
    await step(backend, 0.5, 100);
    const most = backend.capabilities.maxOps >= 2 ? 1 : 2;
    check.equal(backend.stats!().dispatches - dispatches, most, 'the number of kernels of a fused product and clamp');
  });
}

function* adoptCases(): Iterable<Case<Backend>> {
  yield contractCase('adopt/foreign', 'what is not of this runtime is not adopted', ['adopt'], (backend, check) => {
    for (const foreign of [{}, 'text', null, 17, new Date(0)]) {
      check.equal(backend.adopt!(foreign, 'float32'), undefined, `adopt of a ${typeof foreign}`);
    }
  });
  yield contractCase(
    'adopt/native',
    'the native value of a buffer can be adopted and holds the same numbers',
    ['adopt'],
    async (backend, check) => {
      if (!backend.native) check.decline('the backend has no native()');
      const { data } = input(1, [65], 'float32');
      const handle = backend.upload(data, 'float32');
      const native = backend.native!(handle);
      const adopted = native === undefined ? undefined : backend.adopt!(native, 'float32', data.length);
      const back = adopted && (await backend.download(adopted)).slice();
      if (adopted) backend.release(adopted);
      backend.release(handle);
      if (!back) check.decline('native() of an own buffer is not adopted');
      check.close(back!, data, 0, 'the adopted buffer');
    },
  );
}

export function* contractCases(): Iterable<Case<Backend>> {
  yield* capabilityCases();
  yield* bufferCases();
  yield* lifetimeCases();
  yield* kernelCases();
  yield* adoptCases();
}
