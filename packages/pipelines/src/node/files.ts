// Model folders on disk. Graphs are handed to ONNX Runtime by path, so that it maps them and finds their external data itself.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DiffusionError } from '@unnoise/core';
import type { ModelFiles } from '../onnx/layout.ts';

/** The files of a local model folder. @throws DiffusionError FILE_NOT_FOUND where there is no such folder. */
export async function nodeFiles(folder: string | URL): Promise<ModelFiles> {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder;
  const name = path.replace(/(?<=[^/\\])[/\\]+$/, '');
  const found = await stat(name).catch(unlessMissing);
  if (!found?.isDirectory()) {
    const message = found ? `"${name}" is a file. Give the folder of the model.` : `There is no folder "${name}".`;
    throw new DiffusionError('FILE_NOT_FOUND', message, { folder: name });
  }
  return {
    name,
    readText: (inside) => readFile(join(name, inside), 'utf8').catch(unlessMissing),
    graph: async (inside) => {
      const file = join(name, inside);
      return (await stat(file).catch(unlessMissing))?.isFile() ? file : undefined;
    },
  };
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
