// Laws of loading and saving scheduler_config.json.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConfigSource, HubClient, LoadOptions } from '../../src/index.ts';
import { CONFIG_NAME, DIFFUSERS_VERSION } from '../../src/index.ts';
import { Countdown, Ladder, code } from './toys.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unnoise-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function put(path: string, text: string): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, text);
  return full;
}
const rungs = async (source: ConfigSource, options?: LoadOptions) =>
  (await Ladder.fromPretrained(source, options)).config.rungs;

describe('fromPretrained', () => {
  it('reads a file, whatever its name', async () => {
    expect(await rungs(put('mine.json', '{"rungs": 4}'))).toBe(4);
  });

  it('reads a folder: its scheduler, else itself', async () => {
    put(CONFIG_NAME, '{"rungs": 4}');
    expect(await rungs(folder)).toBe(4);
    put(`scheduler/${CONFIG_NAME}`, '{"rungs": 5}');
    expect(await rungs(folder)).toBe(5);
  });

  it('reads the subfolder that is named, else the folder, as upstream', async () => {
    put(CONFIG_NAME, '{"rungs": 4}');
    put(`scheduler/${CONFIG_NAME}`, '{"rungs": 5}');
    put(`other/${CONFIG_NAME}`, '{"rungs": 6}');
    const found = ['other', 'scheduler', '', 'missing'].map((subfolder) => rungs(folder, { subfolder }));
    expect(await Promise.all(found)).toEqual([6, 5, 4, 4]);
  });

  it('takes a config object as it is, and overrides over it', async () => {
    expect(await rungs({ rungs: 7 })).toBe(7);
    expect(
      (await Ladder.fromPretrained({ rungs: 7, curve: 'bent' }, { overrides: { rungs: 8 } })).config,
    ).toMatchObject({ rungs: 8, curve: 'bent' });
  });

  it('says what is not there, and where it looked', async () => {
    await expect(rungs(folder)).rejects.toMatchObject({
      ...code('FILE_NOT_FOUND'),
      message: expect.stringContaining(`scheduler/${CONFIG_NAME}`),
    });
    await expect(rungs(join(folder, 'no', 'such', 'folder'))).rejects.toMatchObject(code('FILE_NOT_FOUND'));
  });

  it('says which file is no config, and why', async () => {
    for (const [text, why] of [
      ['{"rungs": 4', 'not valid JSON'],
      ['[1, 2]', 'not an object'],
      ['"x"', 'not an object'],
      ['null', 'not an object'],
      ['', 'not valid JSON'],
    ]) {
      const path = put(CONFIG_NAME, text!);
      await expect(rungs(folder)).rejects.toMatchObject({
        ...code('CONFIG_INVALID'),
        message: expect.stringMatching(why!),
        details: { source: expect.stringContaining(CONFIG_NAME) },
      });
      expect(path).toContain(CONFIG_NAME);
    }
  });
});

describe('a URL', () => {
  /** A server with these files. */
  function server(files: Readonly<Record<string, string>>) {
    const asked: string[] = [];
    const fetch: NonNullable<LoadOptions['fetch']> = async (url) => {
      asked.push(url);
      const text = files[url];
      return { ok: text !== undefined, status: text === undefined ? 404 : 200, text: async () => text ?? 'Not found' };
    };
    return { asked, fetch };
  }

  it('of a file is that file, with or without a query', async () => {
    for (const url of ['https://host/a/mine.json', 'https://host/a/mine.json?download=true']) {
      const { asked, fetch } = server({ [url]: '{"rungs": 4}' });
      expect(await rungs(url, { fetch })).toBe(4);
      expect(await rungs(new URL(url), { fetch })).toBe(4);
      expect(asked).toEqual([url, url]);
    }
  });

  it('of a folder is looked through as a folder is, and keeps its query', async () => {
    const { asked, fetch } = server({
      [`https://host/model/${CONFIG_NAME}?v=2`]: '{"rungs": 4}',
      [`https://host/model/other/${CONFIG_NAME}`]: '{"rungs": 6}',
    });
    expect(await rungs('https://host/model/?v=2', { fetch })).toBe(4);
    expect(asked).toEqual([`https://host/model/scheduler/${CONFIG_NAME}?v=2`, `https://host/model/${CONFIG_NAME}?v=2`]);
    expect(await rungs('https://host/model', { fetch, subfolder: 'other' })).toBe(6);
  });

  it('that gives nothing says what was asked for and what came back', async () => {
    const { fetch } = server({});
    await expect(rungs('https://host/model', { fetch })).rejects.toMatchObject({
      ...code('FILE_NOT_FOUND'),
      message: expect.stringMatching(/scheduler\/scheduler_config\.json \(status 404\) or /),
    });
    const broken = async () => Promise.reject(new TypeError('fetch failed'));
    await expect(rungs('https://host/model', { fetch: broken })).rejects.toMatchObject({
      ...code('FILE_NOT_FOUND'),
      cause: expect.any(TypeError),
    });
    const page = server({ 'https://host/x.json': '<html>' });
    await expect(rungs('https://host/x.json', page)).rejects.toMatchObject({
      ...code('CONFIG_INVALID'),
      message: expect.stringContaining('https://host/x.json'),
    });
  });
});

describe('a Hub id', () => {
  function hub(files: Readonly<Record<string, string>>) {
    const asked: object[] = [];
    const client: HubClient = {
      async downloadFile(params) {
        asked.push(params);
        const text = files[params.path];
        return text === undefined ? null : { text: async () => text };
      },
    };
    return { asked, hub: client };
  }

  it('is asked of the Hub client, with revision and token', async () => {
    const { asked, hub: client } = hub({ [`scheduler/${CONFIG_NAME}`]: '{"rungs": 4}' });
    expect(await rungs('owner/model-1.5', { hub: client, revision: 'v2', token: 'secret' })).toBe(4);
    expect(asked).toEqual([
      { repo: 'owner/model-1.5', path: `scheduler/${CONFIG_NAME}`, revision: 'v2', accessToken: 'secret' },
    ]);
  });

  it('is looked through as a folder is', async () => {
    const { asked, hub: client } = hub({ [CONFIG_NAME]: '{"rungs": 4}' });
    expect(await rungs('owner/model', { hub: client })).toBe(4);
    expect(asked).toEqual([
      { repo: 'owner/model', path: `scheduler/${CONFIG_NAME}` },
      { repo: 'owner/model', path: CONFIG_NAME },
    ]);
    await expect(rungs('owner/model', { hub: hub({}).hub })).rejects.toMatchObject(code('FILE_NOT_FOUND'));
  });

  it('needs the client: without it the error says what to install', async () => {
    vi.doMock('@huggingface/hub', () => {
      throw new Error('not installed');
    });
    try {
      await expect(rungs('owner/model')).rejects.toMatchObject({
        ...code('DEPENDENCY_MISSING'),
        message: expect.stringContaining('npm install @huggingface/hub'),
      });
    } finally {
      vi.doUnmock('@huggingface/hub');
    }
  });

  it('is only what looks like one: a local path that is not there is not asked of the Hub', async () => {
    const { asked, hub: client } = hub({});
    for (const path of ['model', './owner/model', '/owner/model', 'a/b/c']) {
      await expect(rungs(path, { hub: client })).rejects.toMatchObject(code('FILE_NOT_FOUND'));
    }
    expect(asked).toEqual([]);
  });
});

describe('savePretrained', () => {
  it('makes the folder and writes one file, which loads again to the same config', async () => {
    const bounds = [Number.NEGATIVE_INFINITY, 0.5, Infinity];
    const scheduler = new Ladder({ rungs: 3, bounds });
    const target = join(folder, 'deep', 'er');
    await scheduler.savePretrained(target);
    expect(readdirSync(target)).toEqual([CONFIG_NAME]);
    const text = readFileSync(join(target, CONFIG_NAME), 'utf8');
    expect(text).toBe(
      [
        '{',
        '  "_class_name": "LadderScheduler",',
        `  "_diffusers_version": "${DIFFUSERS_VERSION}",`,
        '  "bounds": [',
        '    -Infinity,',
        '    0.5,',
        '    Infinity',
        '  ],',
        '  "curve": "bent",',
        '  "rungs": 3',
        '}',
        '',
      ].join('\n'),
    );
    expect(text).toBe(scheduler.saveConfig());
    const loaded = await Ladder.fromPretrained(target);
    expect({ ...loaded.config }).toEqual({
      ...scheduler.config,
      _class_name: 'LadderScheduler',
      _diffusers_version: DIFFUSERS_VERSION,
    });
    await loaded.savePretrained(target);
    expect(readFileSync(join(target, CONFIG_NAME), 'utf8')).toBe(text);
  });

  it('into a file is refused, and the file stays', async () => {
    const path = put('taken', 'mine');
    await expect(new Countdown().savePretrained(path)).rejects.toMatchObject(code('REQUEST_INVALID'));
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('without a file system says so, and what to do instead', async () => {
    vi.stubGlobal('process', {});
    try {
      await expect(new Countdown().savePretrained('x')).rejects.toMatchObject({
        ...code('OP_UNSUPPORTED'),
        message: expect.stringContaining('saveConfig()'),
      });
      await expect(rungs('/some/where/else')).rejects.toMatchObject(code('FILE_NOT_FOUND'));
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
