// Kernels as sessions: one ONNX graph and one session for each structure, made when it is first needed and kept.

import { DiffusionError, type Kernel } from '@unnoise/core';

import { Graph } from './onnx/graph.ts';
import { addKernel, paramCount, type Sizes, structureOf } from './onnx/kernel.ts';
import type { OrtRuntime, OrtSession, OrtSessionOptions } from './runtime.ts';
import { createSession, inTurn } from './sessions.ts';

/** A kernel ready to run. Its graph has the inputs x0, x1, ..., the vector `params` if any, and the vectors named here. */
export interface KernelSession {
  readonly session: OrtSession;
  readonly vectors: ReadonlyMap<string, (sizes: Sizes) => Sizes>;
  readonly outputs: readonly string[];
}

export class SessionCache {
  readonly #runtime: OrtRuntime;
  readonly #options: OrtSessionOptions;
  readonly #sessions = new Map<string, Promise<KernelSession>>();
  #compiles = 0;

  constructor(runtime: OrtRuntime, options: OrtSessionOptions) {
    this.#runtime = runtime;
    this.#options = options;
  }

  get compiles(): number {
    return this.#compiles;
  }

  /** The session of a kernel. One that could not be made is tried again at the next call. */
  get(kernel: Kernel, sizes: Sizes): Promise<KernelSession> {
    const key = structureOf(kernel, sizes);
    let session = this.#sessions.get(key);
    if (!session) {
      session = this.#open(kernel, sizes);
      this.#sessions.set(key, session);
      session.catch(() => this.#sessions.delete(key));
    }
    return session;
  }

  async #open(kernel: Kernel, sizes: Sizes): Promise<KernelSession> {
    this.#compiles++;
    const { bytes, vectors } = kernelGraph(kernel, sizes);
    try {
      const session = await createSession(this.#runtime, bytes, this.#options);
      return { session, vectors, outputs: kernel.outputs.map((_, i) => `y${i}`) };
    } catch (cause) {
      throw new DiffusionError('OP_UNSUPPORTED', refusal(kernel, this.#options, cause), { kernel: kernel.key }, cause);
    }
  }

  /** Releases every session that there is now. */
  async clear(): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const one of await Promise.allSettled(sessions)) {
      if (one.status === 'fulfilled') await inTurn(this.#runtime, () => one.value.session.release());
    }
  }
}

/** The file of a kernel that serves all sizes. */
export function kernelGraph(kernel: Kernel, sizes: Sizes): { bytes: Uint8Array } & Pick<KernelSession, 'vectors'> {
  const graph = new Graph();
  const vectors = new Map<string, (sizes: Sizes) => Sizes>();
  const inputs = kernel.inputs.map(({ dtype }, i) => graph.input(`x${i}`, dtype, [`n${i}`]));
  const params = paramCount(kernel) > 0 ? graph.input('params', 'float32', [paramCount(kernel)]) : undefined;
  const vector = (name: string, of: (sizes: Sizes) => Sizes): string => {
    if (!vectors.has(name)) graph.input(name, 'int64', [of(sizes).length]);
    vectors.set(name, of);
    return name;
  };
  const outputs = addKernel({ graph, kernel, inputs, params, vector, sizes });
  outputs.forEach((value, i) => graph.output(value, `y${i}`, kernel.outputs[i]!.dtype, [`m${i}`]));
  return { bytes: graph.bytes(kernel.kind), vectors };
}

function refusal({ key }: Kernel, { executionProviders = 'its default' }: OrtSessionOptions, cause: unknown): string {
  const on = JSON.stringify(executionProviders);
  return (
    `ONNX Runtime made no session for the kernel '${key}' with the execution providers ${on}: ${(cause as Error).message} ` +
    'See that the provider is part of this build of ONNX Runtime and that its device is there, or choose another.'
  );
}
