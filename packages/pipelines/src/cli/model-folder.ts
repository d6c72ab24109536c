// What --model means: a folder, an installed model package, or, without it, the model that comes along.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageFolder } from './installed.ts';

export const DEFAULT_MODEL = '@unnoise/model-fashion-28';

export interface ModelFolder {
  /** As the user called it. */
  readonly name: string;
  readonly path: string;
}

export async function modelFolder(given: string | undefined): Promise<ModelFolder> {
  if (given === undefined) {
    const { folder } = await import('@unnoise/model-fashion-28');
    return { name: DEFAULT_MODEL, path: fileURLToPath(folder) };
  }
  const isPackage = !existsSync(given) && /^(@[\w.-]+\/)?[\w.-]+$/.test(given);
  return { name: given, path: (isPackage ? packageFolder(given) : undefined) ?? given };
}
