export * from './chunks.ts'
export * from './errors.ts'
export type * from './schemas.ts'
