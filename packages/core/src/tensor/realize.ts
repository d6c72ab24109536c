// Realising: runs the program of an expression on its backend. Stays synchronous while the backend does, shares buffers between
// roots, and gives back every other buffer, also when a kernel fails. What to run is decided in ../program.

import type { Backend, Handle } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import { programFor } from '../program/cache.ts';
import type { Program, Step } from '../program/program.ts';
import { numbersOf, trace } from '../program/trace.ts';
import { defaultBackend } from './default-backend.ts';
import { backendMismatch, commonBackend } from './expression.ts';
import { type Node, Storage } from './node.ts';
import { text } from './shape.ts';
import type { Tensor } from './tensor.ts';
import type { TypedArray } from './types.ts';

export interface RealizeOptions {
  /** Where to compute host data; default: the backend of the expression, else `defaultBackend()`. */
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
  const program = programFor(order, pending, backend);
  return new Execution(program, backend, order).run(pending);
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

function backendFor(roots: readonly Node[], wanted: Backend | undefined): Backend {
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
  private readonly program: Program;
  private readonly backend: Backend;
  private readonly slots: (Storage | undefined)[] = [];
  private readonly params: Float64Array[] = [];

  constructor(program: Program, backend: Backend, order: readonly Node[]) {
    this.program = program;
    this.backend = backend;
    const numbers = numbersOf(order);
    for (const { params } of program.steps) this.params.push(gather(numbers, params));
    try {
      for (const source of program.sources) this.slots.push(this.load(order[source]!));
    } catch (error) {
      this.clear();
      throw error;
    }
  }

  /** Runs all steps, makes the roots leaves, and lets go of every other buffer. */
  run(roots: readonly Node[]): void | Promise<void> {
    let promise: void | Promise<void>;
    try {
      promise = this.runFrom(0);
      if (!promise) this.settle(roots);
    } finally {
      if (!promise!) this.clear();
    }
    return promise?.then(() => this.settle(roots)).finally(() => this.clear());
  }

  private runFrom(first: number): void | Promise<void> {
    const { steps } = this.program;
    for (let i = first; i < steps.length; i++) {
      const step = steps[i]!;
      const outputs = this.backend.run(step.kernel, this.handles(step), this.params[i]!, step.sizes);
      if (outputs instanceof Promise) return outputs.then((handles) => this.finish(step, handles)).then(() => this.runFrom(i + 1));
      this.finish(step, outputs);
    }
  }

  private handles({ inputs }: Step): Handle[] {
    const handles: Handle[] = [];
    for (const slot of inputs) handles.push(this.slots[slot]!.handle);
    return handles;
  }

  private finish({ outputs, frees }: Step, handles: readonly Handle[]): void {
    for (let i = 0; i < outputs.length; i++) this.slots[outputs[i]!] = new Storage(this.backend, handles[i]!);
    for (const slot of frees) this.free(slot);
  }

  private load(node: Node): Storage {
    if (node.storage) return node.storage.retain();
    if (!node.data) throw disposedInput(node);
    const handle = this.backend.adopt?.(node.data, node.dtype) ?? this.backend.upload(node.data, node.dtype);
    return new Storage(this.backend, handle);
  }

  /** A root that another run has realised meanwhile, or whose owners are all gone, needs no buffer. */
  private settle(roots: readonly Node[]): void {
    const { results } = this.program;
    for (let i = 0; i < roots.length; i++) {
      const root = roots[i]!;
      if (root.op !== 'leaf' && root.owners > 0) root.settle(this.slots[results[i]!]!.retain());
    }
  }

  private free(slot: number): void {
    this.slots[slot]?.drop();
    this.slots[slot] = undefined;
  }

  private clear(): void {
    for (let slot = 0; slot < this.slots.length; slot++) this.free(slot);
  }
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
