// Model folders behind a URL, by fetch: for pages and workers, and wherever else there is one.

import { DiffusionError } from '@unnoise/core';
import type { ModelFiles } from './layout.ts';

/** The files below `url`. ONNX Runtime fetches the graphs itself. */
export function filesAt(url: string | URL): ModelFiles {
  const base = new URL(url);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const at = (path: string): URL => new URL(path, base);
  return {
    name: base.href,
    readText: async (path) => (await found(at(path)))?.text(),
    graph: async (path) => ((await found(at(path), 'HEAD')) ? at(path).href : undefined),
  };
}

/** Undefined where there is no such file; servers of single-page applications then answer with their page. */
async function found(url: URL, method = 'GET'): Promise<Response | undefined> {
  const response = await fetch(url, { method });
  if (response.status === 404 || response.status === 410) return undefined;
  if (response.ok) return response.headers.get('content-type')?.startsWith('text/html') ? undefined : response;
  const message = `${url.href} answers ${response.status} ${response.statusText}. Is the model where the URL says, and may it be read?`;
  throw new DiffusionError('FILE_NOT_FOUND', message, { url: url.href, status: response.status });
}
