// ONNX Runtime as this package sees it: the part of onnxruntime-common's interface that it uses, so that onnxruntime-node,
// onnxruntime-web and onnxruntime-react-native all fit and none of them has to be installed for the types.

/** Element types as ONNX Runtime names them. */
export type OnnxType = string;

export interface OnnxTensor {
  readonly type: OnnxType;
  readonly dims: readonly number[];
  /** On the CPU: the array. */
  readonly data: unknown;
  /** 'cpu', 'gpu-buffer', ...; runtimes that know no other place than the CPU do not tell. */
  readonly location?: string;
  dispose?(): void;
}

/** What a session tells of an input or output. A size that is free is a name, or not a positive number. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata?: readonly OnnxMetadata[];
  readonly outputMetadata?: readonly OnnxMetadata[];
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OnnxTensor>>>;
  release?(): Promise<void>;
}

/** Values that are not tensors have a name only. */
export type OnnxMetadata =
  | { readonly name: string; readonly isTensor: false }
  | ({ readonly isTensor: true } & OnnxValueInfo);

export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: string, options?: OnnxSessionOptions): Promise<OnnxSession>;
    create(model: Uint8Array, options?: OnnxSessionOptions): Promise<OnnxSession>;
  };
  /** One overload for each element type, which no type of ours can list: called with what fits. */
  readonly Tensor: new (
    type: never,
    data: never,
    dims?: readonly number[],
  ) => OnnxTensor;
}

/** Passed on as they are: executionProviders, intraOpNumThreads, ... */
export type OnnxSessionOptions = Readonly<Record<string, unknown>>;
