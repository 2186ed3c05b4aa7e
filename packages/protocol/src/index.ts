export * from './chunks.ts'
export * from './errors.ts'
export * from './file-types.ts'
export type * from './schemas.ts'
