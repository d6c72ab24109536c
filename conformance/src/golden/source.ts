// Where golden cases come from: a folder (Node, Deno, Bun), or URLs (browsers). The JSON of a class is read when its cases are listed,
// tensors when a case runs.

import type { GoldenCase } from './format.ts';
import { parseGolden } from './format.ts';
import type { GoldenTensor } from './safetensors.ts';
import { readSafetensors } from './safetensors.ts';

export type GoldenTensors = ReadonlyMap<string, GoldenTensor>;

export interface GoldenSource {
  /** The classes that there are cases for. */
  readonly classes: readonly string[];
  /** Which upstream release was recorded: 'diffusers 0.42.1'. */
  readonly version: string;
  /** All cases of a class, swaps into it included. */
  cases(className: string): readonly GoldenCase[];
  tensors(id: string): Promise<GoldenTensors>;
}

/** No recorded runs: only the laws are tested. */
export const noGoldens: GoldenSource = {
  classes: [],
  version: 'none',
  cases: () => [],
  tensors: async () => new Map(),
};

/** The part of a source that is about one class. */
export function goldensOf(source: GoldenSource, className: string): GoldenSource {
  return {
    ...source,
    classes: source.classes.filter((name) => name === className),
    cases: (name) => source.cases(name),
    tensors: (id) => source.tensors(id),
  };
}

interface FileSystem {
  existsSync(path: URL): boolean;
  readFileSync(path: URL): Uint8Array;
}

/** The goldens of a folder, such as the one shipped with this package. Throws where there is no file system. */
export function fileGoldens(url: URL): GoldenSource {
  const fs = fileSystem();
  if (!fs) throw new Error('There is no file system here: load the goldens with await urlGoldens(base, classNames).');
  const folder = asFolder(url.href);
  const text = (path: string): string => new TextDecoder().decode(fs.readFileSync(new URL(path, folder)));
  return new Goldens(
    parseIndex(text('index.json')),
    versionIn(text('recipe.json')),
    (id) => text(`${id}.json`),
    async (id) => {
      const path = new URL(`${id}.safetensors`, folder);
      return fs.existsSync(path) ? readSafetensors(fs.readFileSync(path)) : new Map();
    },
  );
}

type Fetch = (url: string) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}>;

/** Cases about plain numbers have no tensors. */
const NOT_FOUND = 404;

/**
 * The goldens below a URL, for the named classes. Their JSON is fetched now; tensors are fetched when a case needs them. In a page the
 * URL may be relative.
 * @throws Error for a URL that answers with an error.
 */
export async function urlGoldens(
  base: string | URL,
  classNames: readonly string[],
  fetcher: Fetch = fetch,
): Promise<GoldenSource> {
  const { location } = globalThis as { location?: { readonly href: string } };
  const folder = asFolder(new URL(base, location?.href).href);
  const get = async (path: string, absent?: number) => {
    const url = new URL(path, folder).href;
    const response = await fetcher(url);
    if (response.ok || response.status === absent) return response;
    throw new Error(`${url} answered ${response.status}: is this the folder of the goldens?`);
  };
  const all = parseIndex(await (await get('index.json')).text());
  const wanted = all.filter((id) => id.startsWith('swap/') || classNames.some((name) => id.startsWith(`${name}/`)));
  const texts = new Map(
    await Promise.all(wanted.map(async (id) => [id, await (await get(`${id}.json`)).text()] as const)),
  );
  const version = versionIn(await (await get('recipe.json')).text());
  return new Goldens(
    wanted,
    version,
    (id) => texts.get(id)!,
    async (id) => {
      const response = await get(`${id}.safetensors`, NOT_FOUND);
      return response.ok ? readSafetensors(new Uint8Array(await response.arrayBuffer())) : new Map();
    },
  );
}

/**
 * The goldens that are part of this package.
 * @throws Error where there is no file system: a page must say where they are, or that it wants none.
 */
export function ownGoldens(): GoldenSource {
  const folder = '../../golden/';
  if (fileSystem()) return (own ??= fileGoldens(new URL(folder, import.meta.url)));
  throw new Error(
    'There is no file system to read recorded runs from. Pass golden: await urlGoldens(base, [className]), or noGoldens for the laws alone.',
  );
}

let own: GoldenSource | undefined;

/** What is in a folder is relative to a URL that ends with a slash. */
const asFolder = (href: string): string => (href.endsWith('/') ? href : `${href}/`);
const classOf = (id: string): string => id.split('/')[0]!;
const parseIndex = (text: string): readonly string[] => JSON.parse(text) as readonly string[];
/** 'diffusers 0.42.1': the first of the recipe's versions is what was recorded. */
const versionIn = (text: string): string => {
  const { versions = {} } = JSON.parse(text) as { versions?: Readonly<Record<string, string>> };
  const name = 'diffusers' in versions ? 'diffusers' : Object.keys(versions)[0];
  return name === undefined ? 'unknown' : `${name} ${versions[name]}`;
};

class Goldens implements GoldenSource {
  readonly classes: readonly string[];
  readonly version: string;
  readonly tensors: (id: string) => Promise<GoldenTensors>;
  readonly #ids: readonly string[];
  readonly #read: (id: string) => string;
  readonly #parsed = new Map<string, GoldenCase>();

  constructor(
    ids: readonly string[],
    version: string,
    read: (id: string) => string,
    tensors: (id: string) => Promise<GoldenTensors>,
  ) {
    this.classes = [...new Set(ids.map(classOf))].filter((name) => name !== 'swap');
    this.version = version;
    this.tensors = keepingLast(tensors);
    this.#ids = ids;
    this.#read = read;
  }

  cases(className: string): readonly GoldenCase[] {
    const own = this.#ids.filter((id) => classOf(id) === className).map((id) => this.#case(id));
    const swaps = this.#ids.filter((id) => classOf(id) === 'swap').map((id) => this.#case(id));
    return [...own, ...swaps.filter((one) => one.class === className)];
  }

  #case(id: string): GoldenCase {
    let parsed = this.#parsed.get(id);
    if (!parsed) this.#parsed.set(id, (parsed = parseGolden(this.#read(id))));
    return parsed;
  }
}

/** What was asked for last is kept: the cases of a run follow one another. */
function keepingLast<T>(load: (id: string) => Promise<T>): (id: string) => Promise<T> {
  let last: { readonly id: string; readonly loaded: Promise<T> } | undefined;
  return (id) => {
    if (last?.id !== id) last = { id, loaded: load(id) };
    return last.loaded;
  };
}

function fileSystem(): FileSystem | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.('node:fs') as FileSystem | undefined;
}
