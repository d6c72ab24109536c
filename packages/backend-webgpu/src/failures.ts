// What went wrong on the device, and which buffers that spoils. WebGPU reports errors late and to nobody in particular: every buffer
// made before a report is spoiled, and every result of a spoiled buffer. Reading one throws; buffers made afterwards are good.

import { DiffusionError } from '@unnoise/core';

import type { GpuBuffer } from './buffer.ts';

/** Begins the label of every object of this backend, which error messages quote. */
export const LABEL = 'unnoise';

export class Failures {
  readonly #device: GPUDevice;
  readonly #onError: (event: Event) => void;
  readonly #pending = new Set<Promise<void>>();
  #serial = 0;
  #spoiledBefore = 0;
  #last: DiffusionError | undefined;
  #lost: DiffusionError | undefined;

  /** `shared` devices also report the errors of others. */
  constructor(device: GPUDevice, shared: boolean) {
    this.#device = device;
    this.#onError = ({ error }: Event & { error?: GPUError }) => {
      if (error && (!shared || error.message.includes(LABEL))) this.#report(error, 'a command');
    };
    device.addEventListener('uncapturederror', this.#onError);
    void device.lost.then((info) => this.lose(info));
  }

  /** For the next buffer. */
  nextSerial(): number {
    return ++this.#serial;
  }

  /** Throws when the device is gone. */
  checkDevice(): void {
    if (this.#lost) throw this.#lost;
  }

  lose({ reason, message }: Pick<GPUDeviceLostInfo, 'reason' | 'message'>): void {
    this.#lost ??= new DiffusionError(
      'DEVICE_LOST',
      `the GPU device is gone (${reason || 'unknown reason'}: ${message || 'no message'}). Make a new backend and upload again.`,
      { reason },
    );
  }

  /** Why the elements cannot be trusted; undefined where they can. */
  of(buffer: GpuBuffer): DiffusionError | undefined {
    return buffer.failure ?? (buffer.serial <= this.#spoiledBefore ? this.#last : undefined);
  }

  /** The failure that a result inherits. */
  among(inputs: readonly GpuBuffer[]): DiffusionError | undefined {
    for (const input of inputs) {
      const failure = this.of(input);
      if (failure) return failure;
    }
    return undefined;
  }

  /** Runs `action`, whose errors of this kind are reported as of `what`. */
  watch<T>(filter: GPUErrorFilter, what: string, action: () => T): T {
    this.#device.pushErrorScope(filter);
    try {
      return action();
    } finally {
      const scope = this.#device.popErrorScope().then(
        (error) => error && this.#report(error, what),
        () => {}, // the device is gone, which is reported on its own
      );
      const done = scope.then(() => void this.#pending.delete(done));
      this.#pending.add(done);
    }
  }

  /** Resolves when everything that was watched has been reported. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** The reason why results could not be mapped: what was reported, else what mapping said. */
  unreadable(cause: unknown): DiffusionError {
    const message = `the GPU could not give back a result (${cause instanceof Error ? cause.message : String(cause)}).`;
    return this.#last ?? new DiffusionError('DEVICE_FAILED', `${message} Run the step again.`, {}, cause);
  }

  stop(): void {
    this.#device.removeEventListener('uncapturederror', this.#onError);
  }

  #report({ message, constructor: { name } }: GPUError, what: string): void {
    const full = name === 'GPUOutOfMemoryError';
    this.#spoiledBefore = this.#serial;
    this.#last = new DiffusionError(
      full ? 'OUT_OF_MEMORY' : 'DEVICE_FAILED',
      full
        ? `the GPU has no memory left for ${what} (${message}). Dispose tensors or use smaller ones.`
        : `the GPU refused ${what}: ${message} Results computed until then are lost. Were buffers of another device adopted?`,
      { what, message },
    );
  }
}
