// Golden cases from a folder and over HTTP, and the files they lie in.

import { readFileSync } from 'node:fs';
import type { GoldenSteps } from '@unnoise/conformance';
import {
  casesOf,
  fileGoldens,
  noGoldens,
  readSafetensors,
  runCases,
  schedulerSubject,
  urlGoldens,
} from '@unnoise/conformance';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { describe, expect, it } from 'vitest';

const FOLDER = new URL('../golden/', import.meta.url);

/** A server of the folder, with the list of what was fetched. */
function server() {
  const fetched: string[] = [];
  const fetcher = async (url: string) => {
    fetched.push(url.replace('https://example.org/golden/', ''));
    const bytes = readFileSync(new URL(fetched.at(-1)!, FOLDER));
    return {
      ok: true,
      status: 200,
      text: async () => bytes.toString('utf8'),
      arrayBuffer: async () => new Uint8Array(bytes).buffer,
    };
  };
  return { fetched, fetcher };
}

describe('goldens', () => {
  it('over HTTP are those of the folder', async () => {
    const { fetcher, fetched } = server();
    const golden = await urlGoldens('https://example.org/golden/', ['DDIMScheduler'], fetcher);
    const folder = fileGoldens(FOLDER);
    expect(golden.classes).toEqual(['DDIMScheduler']);
    expect(golden.version).toBe(folder.version);
    expect(golden.cases('DDIMScheduler')).toEqual(folder.cases('DDIMScheduler'));
    expect(fetched.some((path) => path.endsWith('.safetensors'))).toBe(false);
    expect(await golden.tensors('DDIMScheduler/default')).toEqual(await folder.tensors('DDIMScheduler/default'));
  });

  it('over HTTP test a scheduler, and fetch only the tensors that the cases need', async () => {
    const { fetcher, fetched } = server();
    const golden = await urlGoldens('https://example.org/golden/', ['DDIMScheduler'], fetcher);
    const subject = schedulerSubject({ scheduler: DDIMScheduler, golden });
    const { results } = await runCases(casesOf(subject), subject, { query: '*/teacher:case=default;*' });
    expect(results.map(({ outcome }) => outcome)).toEqual(Array(10).fill('pass'));
    expect(fetched.filter((path) => path.endsWith('.safetensors'))).toContain('DDIMScheduler/default.safetensors');
    expect(new Set(fetched.filter((path) => path.endsWith('.safetensors'))).size).toBe(1);
  });

  it('over HTTP may have no tensors, but a server that fails is an error', async () => {
    const answers = (status: number) => async (url: string) => {
      const found = url.endsWith('.safetensors') ? status : 200;
      return { ...(await server().fetcher(url.replace('.safetensors', '.json'))), ok: found === 200, status: found };
    };
    const load = (status: number) =>
      urlGoldens('https://example.org/golden/', ['CogVideoXDPMScheduler'], answers(status));
    expect((await (await load(404)).tensors('CogVideoXDPMScheduler/get-variables-back')).size).toBe(0);
    await expect((await load(503)).tensors('CogVideoXDPMScheduler/get-variables-back')).rejects.toThrow('answered 503');
  });

  it('that cannot be had are an error that names the address', async () => {
    const missing = async () => ({
      ok: false,
      status: 404,
      text: async () => '',
      arrayBuffer: async () => new ArrayBuffer(0),
    });
    await expect(urlGoldens('https://example.org/nothing/', [], missing)).rejects.toThrow(
      'https://example.org/nothing/index.json answered 404',
    );
  });

  it('are not needed: without them a class is tested for the laws alone', () => {
    const ids = [...casesOf(schedulerSubject({ scheduler: DDIMScheduler, golden: noGoldens }))].map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(8);
    expect(ids.every((id) => id.startsWith('scheduler/DDIMScheduler/law/'))).toBe(true);
  });

  it('keep infinities, which JSON has no word for', () => {
    const swaps = fileGoldens(FOLDER).cases('DPMSolverMultistepScheduler');
    expect(JSON.stringify(swaps.find(({ id }) => id === 'swap/lambda-minus-infinity-memory'))).not.toContain(
      '"-Infinity"',
    );
  });

  it('cover every class with steps, tables, errors and swaps', () => {
    const golden = fileGoldens(FOLDER);
    for (const name of ['DDIMScheduler', 'DDPMScheduler', 'EulerDiscreteScheduler', 'DPMSolverMultistepScheduler']) {
      const kinds = new Set(golden.cases(name).map(({ kind }) => kind));
      expect([...kinds], name).toEqual(expect.arrayContaining(['steps', 'error', 'add_noise', 'swap']));
    }
  });
});

describe('safetensors', () => {
  const file = (header: object, ...bytes: number[]) => {
    const text = new TextEncoder().encode(JSON.stringify(header));
    const out = new Uint8Array(8 + text.length + bytes.length);
    new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
    out.set(text, 8);
    out.set(bytes, 8 + text.length);
    return out;
  };

  it('are read by dtype, wherever they start', () => {
    const tensors = readSafetensors(
      file(
        {
          __metadata__: { a: 'b' },
          i: { dtype: 'I64', shape: [1], data_offsets: [0, 8] },
          h: { dtype: 'F16', shape: [], data_offsets: [8, 10] },
        },
        254,
        255,
        255,
        255,
        255,
        255,
        255,
        255,
        0,
        0x3c,
      ),
    );
    expect([...tensors.keys()]).toEqual(['i', 'h']);
    expect(tensors.get('i')).toEqual({ data: Int32Array.of(-2), shape: [1] });
    expect(tensors.get('h')).toEqual({ data: Uint16Array.of(0x3c00), shape: [] });
  });

  it('of a dtype that no case has are refused', () => {
    expect(() => readSafetensors(file({ x: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, 0))).toThrow(
      'F8_E4M3',
    );
  });

  it('of a golden case have the shapes that the case says', async () => {
    const golden = fileGoldens(FOLDER);
    const one = golden.cases('DDIMScheduler').find(({ id }) => id === 'DDIMScheduler/shape-5d') as GoldenSteps;
    expect((await golden.tensors(one.id)).get('x.0')!.shape).toEqual(one.shape);
  });
});
