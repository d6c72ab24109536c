// Counts what goes between host and device: every way of reading back that WebGPU and ONNX Runtime have, and every upload, by wrapping
// the prototypes that all code of a page shares.

const MAP_READ = 1; // GPUBufferUsage.MAP_READ and GPUMapMode.READ

export interface Counts {
  /** GPUBuffer.mapAsync for reading. */
  maps: number;
  /** Copies into buffers that can be mapped for reading. */
  copies: number;
  /** getData() of ONNX Runtime's tensors. */
  getData: number;
  /** GPUQueue.writeBuffer and buffers mapped at their creation. */
  uploads: number;
  /** Of all compute passes: the model's and the scheduler's. */
  dispatches: number;
}

/** Every way of reading back, together. */
export const readbacks = ({ maps, copies, getData }: Counts): number => maps + copies + getData;

type Method = (this: unknown, ...args: never[]) => unknown;

/** Calls `seen` with the arguments before each call of a method. */
function watch<T extends object>(prototype: T, name: keyof T, seen: (self: never, ...args: never[]) => void): void {
  const original = prototype[name] as Method;
  Object.defineProperty(prototype, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: never[]) {
      seen(this as never, ...args);
      return original.apply(this, args);
    },
  });
}

/** Counts from now on, for as long as the page lives. */
export function countTransfers(Tensor: { readonly prototype: { getData(releaseData?: boolean): unknown } }): Counts {
  const counts: Counts = { maps: 0, copies: 0, getData: 0, uploads: 0, dispatches: 0 };
  const intoReadable = (target: GPUBuffer | undefined): void => {
    if (target && target.usage & MAP_READ) counts.copies++;
  };
  watch(GPUBuffer.prototype, 'mapAsync', (_: GPUBuffer, mode: number) => void (mode & MAP_READ && counts.maps++));
  watch(GPUCommandEncoder.prototype, 'copyBufferToBuffer', (_: GPUCommandEncoder, ...args: unknown[]) =>
    intoReadable(args.slice(1).find((arg) => arg instanceof GPUBuffer)),
  );
  watch(
    GPUCommandEncoder.prototype,
    'copyTextureToBuffer',
    (_: GPUCommandEncoder, __: unknown, to: GPUTexelCopyBufferInfo) => intoReadable(to.buffer),
  );
  watch(Tensor.prototype, 'getData', () => void counts.getData++);
  watch(GPUQueue.prototype, 'writeBuffer', () => void counts.uploads++);
  watch(GPUDevice.prototype, 'createBuffer', (_: GPUDevice, { mappedAtCreation }: GPUBufferDescriptor) => {
    if (mappedAtCreation) counts.uploads++;
  });
  for (const name of ['dispatchWorkgroups', 'dispatchWorkgroupsIndirect'] as const)
    watch(GPUComputePassEncoder.prototype, name, () => void counts.dispatches++);
  return counts;
}

/** What was counted since `before`. */
export function since(before: Counts, now: Counts): Counts {
  const keys = Object.keys(before) as (keyof Counts)[];
  return Object.fromEntries(keys.map((key) => [key, now[key] - before[key]])) as unknown as Counts;
}
