export * from './config.ts';
export * from './flow-match-fields.ts';
export * from './fragments.ts';
export * from './json.ts';
export * from './sigma-fields.ts';
export * from './solver-fields.ts';
export * from './thresholding-fields.ts';
export type { AnySchema, ConfigField, ConfigKind, ConfigSchema } from './schema.ts';
export { field, requireChoice } from './schema.ts';
