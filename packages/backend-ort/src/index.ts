// unnoise on ONNX Runtime. Nothing here imports a runtime: the caller brings onnxruntime-node or onnxruntime-web.

export { fromOrt, takeOrt, toOrt } from './convert.ts';
export { createOrtBackend, type OrtCpuBackend } from './cpu-backend.ts';
export {
  exportStep,
  type ExportedStep,
  type ExportOptions,
  type StepRow,
  type StepTable,
} from './export/export-step.ts';
export { createOrtGraphBackend, type OrtGraphBackend, type OrtGraphOptions } from './graph-backend.ts';
export type { OrtRuntime, OrtSession, OrtSessionOptions, OrtTensor } from './runtime.ts';
export { createSession, inTurn, type SessionMaker } from './sessions.ts';
