// Realising: runs the program of an expression on its backend. Stays synchronous while the backend does, shares buffers between
// roots, and gives back every other buffer, also when a kernel fails. What to run is decided in ../program.

import type { Backend, Handle } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import { loadCut, programFor } from '../program/cache.ts';
import type { Program, Step } from '../program/program.ts';
import { defaultBackend, resolveDefaultBackend } from './default-backend.ts';
import { backendMismatch, commonBackend } from './expression.ts';
import { type Node, Storage } from './node.ts';
import { text } from './shape.ts';
import type { Tensor } from './tensor.ts';
import { trace } from './trace.ts';
import type { TypedArray } from './types.ts';

export interface RealizeOptions {
  /** Where to compute host data; default: the backend of the expression, else the default backend. */
  readonly backend?: Backend | undefined;
  /** If given, every coefficient must be finite as a float32, else the error it makes for that coefficient is thrown. */
  readonly requireFinite?: ((bad: number) => DiffusionError) | undefined;
}

/** Computes all `roots` in one program and drops their graphs. Errors: BACKEND_MISMATCH, DISPOSED, OP_UNSUPPORTED, DTYPE_UNSUPPORTED. */
export async function realize(...roots: readonly Tensor[]): Promise<void> {
  await realizeStep(roots);
}

/** `realize` that is over when it returns, if the backend is synchronous; else a promise. For schedulers. */
export function realizeStep(roots: readonly Tensor[], options: RealizeOptions = {}): void | Promise<void> {
  const pending: Node[] = [];
  for (const { node } of roots) if (node.op !== 'leaf' && !pending.includes(node)) pending.push(node);
  if (pending.length === 0) return;
  const order = trace(pending);
  if (options.requireFinite) checkFinite(order, options.requireFinite);
  const backend = backendFor(pending, options.backend);
  if (!backend) return resolveDefaultBackend().then(() => realizeStep(roots, options));
  const program = programFor(order, pending, backend);
  if (!program) return loadCut().then(() => realizeStep(roots, options));
  return new Execution(program, backend).run(order, pending);
}

/** Realises `x` and reads it back. */
export async function read(x: Tensor): Promise<TypedArray> {
  const { op, backend, data } = x.node;
  if (op === 'host' && !backend && data) return data instanceof Float64Array ? Float32Array.from(data) : data;
  await realizeStep([x]);
  const storage = x.node.storage!.retain();
  try {
    return await storage.backend.download(storage.handle);
  } finally {
    storage.drop();
  }
}

function backendFor(roots: readonly Node[], wanted: Backend | undefined): Backend | undefined {
  const found = commonBackend(roots);
  if (wanted && found && wanted !== found) throw backendMismatch(wanted, found);
  return wanted ?? found ?? defaultBackend();
}

function checkFinite(order: readonly Node[], error: (bad: number) => DiffusionError): void {
  for (const { op, args, params } of order) {
    if (op !== 'linear' || args.length === 0) continue;
    for (const x of params) if (!Number.isFinite(Math.fround(x))) throw error(x);
  }
}

/** One run of a program. Slots hold their buffers until the last step that needs them. */
class Execution {
  readonly #program: Program;
  readonly #backend: Backend;
  readonly #slots: (Storage | undefined)[] = [];
  readonly #params: Float64Array[] = [];

  constructor(program: Program, backend: Backend) {
    this.#program = program;
    this.#backend = backend;
  }

  /** Runs all steps, makes the roots leaves, and lets go of every other buffer. */
  run(order: readonly Node[], roots: readonly Node[]): void | Promise<void> {
    let running: void | Promise<void>;
    try {
      this.#bind(order);
      running = this.#runFrom(0);
    } catch (error) {
      this.#clear();
      throw error;
    }
    if (running) return running.then(() => this.#settle(roots)).finally(() => this.#clear());
    this.#settle(roots);
    this.#clear();
  }

  #bind(order: readonly Node[]): void {
    const numbers = numbersOf(order);
    for (const { params } of this.#program.steps) this.#params.push(gather(numbers, params));
    for (const source of this.#program.sources) this.#slots.push(this.#load(order[source]!));
  }

  #load(node: Node): Storage {
    if (node.storage) return node.storage.retain();
    if (!node.data) throw disposedInput(node);
    const handle = this.#backend.adopt?.(node.data, node.dtype) ?? this.#backend.upload(node.data, node.dtype);
    return new Storage(this.#backend, handle);
  }

  #runFrom(first: number): void | Promise<void> {
    const { steps } = this.#program;
    for (let i = first; i < steps.length; i++) {
      const step = steps[i]!;
      const outputs = this.#backend.run(step.kernel, this.#handles(step), this.#params[i]!, step.sizes);
      if ('then' in outputs) return this.#runLater(i, outputs);
      this.#finish(step, outputs);
    }
  }

  async #runLater(at: number, outputs: Promise<readonly Handle[]>): Promise<void> {
    this.#finish(this.#program.steps[at]!, await outputs);
    await this.#runFrom(at + 1);
  }

  #handles({ inputs }: Step): Handle[] {
    const handles: Handle[] = [];
    for (const slot of inputs) handles.push(this.#slots[slot]!.handle);
    return handles;
  }

  #finish({ outputs, frees }: Step, handles: readonly Handle[]): void {
    for (let i = 0; i < outputs.length; i++) this.#slots[outputs[i]!] = new Storage(this.#backend, handles[i]!);
    for (const slot of frees) this.#free(slot);
  }

  /** A root that another run has realised meanwhile, or whose owners are all gone, needs no buffer. */
  #settle(roots: readonly Node[]): void {
    const { results } = this.#program;
    for (let i = 0; i < roots.length; i++) {
      const root = roots[i]!;
      if (root.op !== 'leaf' && root.owners > 0) root.settle(this.#slots[results[i]!]!.retain());
    }
  }

  #free(slot: number): void {
    this.#slots[slot]?.drop();
    this.#slots[slot] = undefined;
  }

  #clear(): void {
    for (let slot = 0; slot < this.#slots.length; slot++) this.#free(slot);
  }
}

/** What `Step.params` points into. */
function numbersOf(order: readonly Node[]): number[] {
  const numbers = [1];
  for (const { params } of order) for (const x of params) numbers.push(x);
  return numbers;
}

function gather(numbers: readonly number[], places: readonly number[]): Float64Array {
  const params = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) params[i] = numbers[places[i]!]!;
  return params;
}

function disposedInput({ shape, dtype }: Node): DiffusionError {
  const message = `an expression needs a ${dtype} tensor of shape ${text(shape)} that was disposed; realise it before disposing what it is made of`;
  return new DiffusionError('DISPOSED', message, { shape, dtype });
}
