// ONNX Runtime as this package sees it: the part of onnxruntime-common's interface that it uses, so that onnxruntime-node,
// onnxruntime-web and other builds all fit, and none of them is imported for its types.

/** A value of ONNX Runtime. `data` throws where the elements are not on the host or the tensor was disposed. */
export interface OrtTensor {
  /** 'float32', 'float16', 'int32', 'bool', ... */
  readonly type: string;
  readonly dims: readonly number[];
  /** 'cpu', 'cpu-pinned', 'gpu-buffer', 'ml-tensor', 'texture'; 'none' after dispose. */
  readonly location: string;
  readonly data: unknown;
  /** The same elements in another shape, wherever they are; never a copy. */
  reshape(dims: readonly number[]): OrtTensor;
  dispose(): void;
}

export interface OrtSession {
  /** Outputs are asked for by name, never as tensors made beforehand: onnxruntime-web does not write into those on the CPU. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** Passed on as they are: executionProviders, preferredOutputLocation, intraOpNumThreads, ... */
export type OrtSessionOptions = Readonly<Record<string, unknown>>;

/** onnxruntime-node, onnxruntime-web or another build: `import * as ort from 'onnxruntime-node'`. */
export interface OrtRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: OrtSessionOptions): Promise<OrtSession>;
  };
  /** One overload for each element type, which no type of ours can list: called with what fits. */
  readonly Tensor: new (
    type: never,
    data: never,
    dims?: readonly number[],
  ) => OrtTensor;
}
