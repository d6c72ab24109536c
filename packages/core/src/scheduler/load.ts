// Reading and writing scheduler_config.json: a folder, a file, a URL, a Hub id or a plain object. Files only where the platform has them.

import type { ConfigObject } from '../config/config.ts';
import { parseConfig } from '../config/json.ts';
import { DiffusionError } from '../errors.ts';

export const CONFIG_NAME = 'scheduler_config.json';

/** What is used of the official Hub client, `@huggingface/hub`. */
export interface HubClient {
  downloadFile(params: {
    repo: string;
    path: string;
    revision?: string;
    accessToken?: string;
  }): Promise<{ text(): Promise<string> } | null>;
}

export interface LoadOptions {
  /** Folder inside `source`. Without it, "scheduler" is tried first, then `source` itself. */
  readonly subfolder?: string;
  /** Branch, tag or commit of a Hub repository. */
  readonly revision?: string;
  /** Access token for a private Hub repository. */
  readonly token?: string;
  /** The Hub client; default: `@huggingface/hub`, if installed. */
  readonly hub?: HubClient;
  /** How URLs are fetched; default: the platform's fetch. */
  readonly fetch?: (url: string) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;
}

interface FileSystem {
  existsSync(path: string): boolean;
  statSync(path: string): { isDirectory(): boolean };
  readFileSync(path: string, encoding: 'utf8'): string;
  mkdirSync(path: string, options: { recursive: true }): void;
  writeFileSync(path: string, text: string): void;
}

/** A URL object, named by what is used of it: core's types must not need those of a browser. */
export interface UrlLike {
  readonly href: string;
}

/** Where a config comes from: a folder, a file, a URL, a Hub id, or the config itself. */
export type ConfigSource = string | UrlLike | ConfigObject;

function isUrl(source: ConfigSource): source is UrlLike {
  return source instanceof URL;
}

/** Reads a config object. See SchedulerMixin.fromPretrained for what `source` may be. */
export async function loadConfig(source: ConfigSource, options: LoadOptions = {}): Promise<ConfigObject> {
  if (isUrl(source)) return fetchConfig(source.href, options);
  if (typeof source !== 'string') return source;
  if (/^https?:\/\//.test(source)) return fetchConfig(source, options);
  const local = readLocal(source, options);
  if (local) return local;
  if (/^[\w.-]+\/[\w.-]+$/.test(source)) return fetchFromHub(source, options);
  throw new DiffusionError(
    'FILE_NOT_FOUND',
    `There is no ${CONFIG_NAME} at "${source}". Give a folder or file that exists, a URL, or a Hub id.`,
    { source },
  );
}

/** Writes a config text into a folder. */
export async function saveConfigFile(folder: string, text: string): Promise<void> {
  const fs = fileSystem();
  if (!fs) throw noFiles('savePretrained', 'Use saveConfig() for the text.');
  if (fs.existsSync(folder) && !fs.statSync(folder).isDirectory()) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `"${folder}" is a file. Give the folder that ${CONFIG_NAME} goes into.`,
      { folder },
    );
  }
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(`${folder}/${CONFIG_NAME}`, text);
}

function readLocal(source: string, { subfolder }: LoadOptions): ConfigObject | undefined {
  const fs = fileSystem();
  if (!fs?.existsSync(source)) return undefined;
  const path = fs.statSync(source).isDirectory()
    ? candidates(source, subfolder).find((file) => fs.existsSync(file))
    : source;
  if (path) return parseConfig(fs.readFileSync(path, 'utf8'), path);
  const looked = candidates(source, subfolder).join('" or "');
  throw new DiffusionError(
    'FILE_NOT_FOUND',
    `There is no "${looked}". Is "${source}" the folder of a diffusers model?`,
    { source, subfolder },
  );
}

function candidates(folder: string, subfolder?: string): readonly string[] {
  const inner = subfolder === undefined ? ['scheduler/', ''] : [subfolder === '' ? '' : `${subfolder}/`, ''];
  return [...new Set(inner)].map((part) => `${folder}/${part}${CONFIG_NAME}`);
}

type Fetch = NonNullable<LoadOptions['fetch']>;

async function fetchConfig(url: string, options: LoadOptions): Promise<ConfigObject> {
  const get = options.fetch ?? (globalThis as unknown as { fetch: Fetch }).fetch;
  const tried: string[] = [];
  for (const candidate of configUrls(url, options.subfolder)) {
    const response = await fetched(get, candidate);
    if (response.ok) return parseConfig(await response.text(), candidate);
    tried.push(`${candidate} (status ${response.status})`);
  }
  throw new DiffusionError('FILE_NOT_FOUND', `There is no config at ${tried.join(' or ')}.`, { url });
}

/** Where to look. A query (a revision, a token) stays at the end. */
function configUrls(url: string, subfolder: string | undefined): readonly string[] {
  const end = url.search(/[?#]|$/);
  const [path, query] = [url.slice(0, end), url.slice(end)];
  return path.endsWith('.json') ? [url] : candidates(path.replace(/\/$/, ''), subfolder).map((file) => file + query);
}

async function fetched(get: Fetch, url: string): ReturnType<Fetch> {
  try {
    return await get(url);
  } catch (cause) {
    const message = `${url} could not be fetched: ${(cause as Error).message}. Is the address right, and is there a network?`;
    throw new DiffusionError('FILE_NOT_FOUND', message, { url }, cause);
  }
}

async function fetchFromHub(repo: string, options: LoadOptions): Promise<ConfigObject> {
  const hub = options.hub ?? (await importHub(repo));
  const { revision, token, subfolder } = options;
  for (const path of candidates('', subfolder).map((name) => name.slice(1))) {
    const found = await hub.downloadFile({
      repo,
      path,
      ...(revision && { revision }),
      ...(token && { accessToken: token }),
    });
    if (found) return parseConfig(await found.text(), `${repo}/${path}`);
  }
  throw new DiffusionError('FILE_NOT_FOUND', `The Hub repository ${repo} has no ${CONFIG_NAME}.`, {
    repo,
    subfolder,
    revision,
  });
}

async function importHub(repo: string): Promise<HubClient> {
  const name = '@huggingface/hub'; // a variable, so that bundlers do not demand an optional package
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as HubClient;
  } catch (cause) {
    const message = `"${repo}" is no local path; to load it from the Hub, run "npm install ${name}", or pass { hub }.`;
    throw new DiffusionError('DEPENDENCY_MISSING', message, { repo, package: name }, cause);
  }
}

/** The platform's file system without importing it, so that bundlers for browsers have nothing to resolve. */
function fileSystem(): FileSystem | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.('fs') as FileSystem | undefined;
}

function noFiles(what: string, advice: string): DiffusionError {
  return new DiffusionError(
    'OP_UNSUPPORTED',
    `${what} needs a file system, which this platform does not have. ${advice}`,
  );
}
