// What happens to the device under a TensorFlow.js backend, which it reports to the console at most: a lost device or context, and
// work that the GPU refused. Results would be zeros or garbage, so they become errors here.

import type { KernelBackend } from '@tensorflow/tfjs-core';
import { DiffusionError } from '@unnoise/core';

/** What is used of the webgl and webgpu backends. */
interface GpuBackend {
  readonly gpgpu?: { readonly gl?: { isContextLost?(): boolean } };
  readonly device?: {
    readonly lost?: Promise<{ readonly reason?: string; readonly message: string }>;
    addEventListener?(type: 'uncapturederror', listener: (event: { readonly error: Error }) => void): void;
  };
}

/** Watches one device from its first use on. Backends without a device never fail. */
export class DeviceWatch {
  readonly #name: string;
  readonly #backend: GpuBackend;
  #lost: string | undefined;
  #refused: Error | undefined;

  private constructor(name: string, backend: GpuBackend) {
    this.#name = name;
    this.#backend = backend;
    const { device } = backend;
    void device?.lost?.then(
      ({ reason, message }) => (this.#lost = `${message || 'no message'} (${reason ?? 'unknown'})`),
    );
    device?.addEventListener?.('uncapturederror', ({ error }) => (this.#refused ??= error));
  }

  static readonly #watches = new WeakMap<KernelBackend, DeviceWatch>();

  static of(name: string, backend: KernelBackend): DeviceWatch {
    let watch = DeviceWatch.#watches.get(backend);
    if (!watch) DeviceWatch.#watches.set(backend, (watch = new DeviceWatch(name, backend as unknown as GpuBackend)));
    return watch;
  }

  /**
   * Throws DEVICE_LOST from the loss on. Work that the GPU refused is told once, at the first call that comes after it is known:
   * OUT_OF_MEMORY, else DEVICE_FAILED.
   */
  check(): void {
    const lost = this.#lost ?? (this.#backend.gpgpu?.gl?.isContextLost?.() ? 'its WebGL context is lost' : undefined);
    if (lost)
      throw new DiffusionError(
        'DEVICE_LOST',
        `${this.#name} lost its device: ${lost}; set TensorFlow.js up again, and start anew`,
      );
    const refused = this.#refused;
    if (!refused) return;
    this.#refused = undefined;
    const full = refused.constructor.name === 'GPUOutOfMemoryError';
    const message = `${this.#name}: the GPU refused work, so results since then are not valid: ${refused.message}`;
    throw new DiffusionError(full ? 'OUT_OF_MEMORY' : 'DEVICE_FAILED', message, { backend: this.#name }, refused);
  }
}
