export { type Entry, Keyspace, type KeyspaceOptions, type ListOptions } from './blocks/keyspace/keyspace.ts'
export {
  type KeyspaceChange,
  KeyspaceWatch,
  type KeyspaceWatchOptions,
} from './blocks/keyspace/keyspace-watch.ts'
export { bytesCodec, jsonCodec, type StandardSchema, type ValueCodec } from './blocks/keyspace/value-codec.ts'
export { Dure } from './dure.ts'
export { DureError, type ErrorCode, type Outcome } from './foundation/errors.ts'
export { type OpenConnection, type OpenDirectory, type OpenEngine, type OpenOptions, open } from './open.ts'
export type { Cursor } from './ports/key-value/cursor.ts'
export { cursorFromText } from './ports/key-value/cursor.ts'
export type { Engine } from './ports/key-value/engine.ts'
export type { Guarantees } from './ports/key-value/guarantees.ts'
export type * from './ports/key-value/key-value-store.ts'
export type { FencingToken, Lease, LeaseOptions } from './ports/key-value/lease.ts'
export { limits } from './ports/key-value/limits.ts'
export { prefixRange } from './ports/key-value/prefix-range.ts'
export { absent, isNewer, type Version } from './ports/key-value/version.ts'
export type { Change, Watch } from './ports/key-value/watch.ts'
