// Lowering for tools and tests, with all that realising loads on demand.

import type { Capabilities } from '../backend.ts';
import type { Node } from '../tensor/node.ts';
import { trace } from '../tensor/trace.ts';
import { cut } from './cut.ts';
import { lowerTrace } from './lowering.ts';
import type { Program } from './program.ts';

/** The program that computes `roots`. Errors: OP_UNSUPPORTED, DTYPE_UNSUPPORTED. */
export function lower(roots: readonly Node[], capabilities: Capabilities): Program {
  return lowerTrace(trace(roots), roots, capabilities, cut)!;
}
