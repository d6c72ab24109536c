// What the scheduler's side of a loop costs a backend: kernels run and their different structures, arrays uploaded and read back.

import type { Backend } from '@unnoise/core';

export interface KernelCounts {
  dispatches: number;
  /** Different kernels, each of which is one pipeline. */
  kernels: Set<string>;
  uploads: number;
  downloads: number;
  /** Buffers that nobody has let go yet. */
  live(): number;
}

/** Counts what is asked of a backend from now on. */
export function countKernels(backend: Backend): KernelCounts {
  const counts: KernelCounts = {
    dispatches: 0,
    kernels: new Set(),
    uploads: 0,
    downloads: 0,
    live: () => backend.stats!().live,
  };
  const { run, upload, download } = backend;
  Object.assign(backend, {
    run(...args: Parameters<Backend['run']>) {
      counts.dispatches++;
      counts.kernels.add(args[0].key);
      return run.apply(backend, args);
    },
    upload(...args: Parameters<Backend['upload']>) {
      counts.uploads++;
      return upload.apply(backend, args);
    },
    download(...args: Parameters<Backend['download']>) {
      counts.downloads++;
      return download.apply(backend, args);
    },
  });
  return counts;
}

export function reset(counts: KernelCounts): void {
  counts.kernels.clear();
  counts.dispatches = counts.uploads = counts.downloads = 0;
}
