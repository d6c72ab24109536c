// onnxruntime-node, which is optional: it is 290 MB, and who brings another runtime need not have it.

import { DiffusionError } from '@unnoise/core';
import type { OnnxRuntime } from '../onnx/runtime.ts';

const NAME = 'onnxruntime-node';

/** Errors only: warnings about graphs that work are not for users. */
export const QUIET: Readonly<Record<string, unknown>> = { logSeverityLevel: 3 };

/** @throws DiffusionError DEPENDENCY_MISSING, with the line that installs it. */
export async function importRuntime(): Promise<OnnxRuntime> {
  try {
    const module = (await import(NAME)) as OnnxRuntime & { readonly default?: OnnxRuntime };
    return module.default ?? module;
  } catch (cause) {
    const message =
      `ONNX models need ${NAME}: run "npm install ${NAME}" (behind a firewall, with --ignore-scripts: its CPU build is inside), ` +
      'or pass { runtime }.';
    throw new DiffusionError('DEPENDENCY_MISSING', message, { package: NAME }, cause);
  }
}
