// onnxruntime-node, which is optional: it is 290 MB, and who brings another runtime need not have it.

import { DiffusionError } from '@unnoise/core';
import type { OnnxRuntime } from '../onnx/runtime.ts';

const NAME = 'onnxruntime-node';

/** Errors only: warnings about graphs that work are not for users. */
export const QUIET: Readonly<Record<string, unknown>> = { logSeverityLevel: 3 };

/** @throws DiffusionError DEPENDENCY_MISSING, with the line that installs it. */
export async function importRuntime(name: string = NAME): Promise<OnnxRuntime> {
  try {
    const module = (await import(name)) as OnnxRuntime & { readonly default?: OnnxRuntime };
    return module.default ?? module;
  } catch (cause) {
    throw new DiffusionError(
      'DEPENDENCY_MISSING',
      advice(name, cause as NodeJS.ErrnoException),
      { package: name },
      cause,
    );
  }
}

function advice(name: string, { code, message }: NodeJS.ErrnoException): string {
  const install = `"npm install ${name}" (behind a firewall with --ignore-scripts: its CPU build is inside)`;
  return code === 'ERR_MODULE_NOT_FOUND'
    ? `ONNX models need ${name}, which is not installed. Run ${install}, or pass { runtime }.`
    : `${name} cannot be loaded: ${message}. Install it again by ${install}, or pass { runtime }.`;
}
