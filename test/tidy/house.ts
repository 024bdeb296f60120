/** The plan of the house, as data: what each folder of `src/` may import, and the only doors to the outside. */
export interface Folder {
  readonly path: string
  /** Folders it may import besides itself; `*` for all. */
  readonly may: readonly string[]
  /** Folders of which it may import types only. */
  readonly mayTypes?: readonly string[]
}

/** The longest path that matches decides. */
export const folders: readonly Folder[] = [
  { path: 'src/foundation', may: [] },
  { path: 'src/runtime', may: ['src/foundation'] },
  { path: 'src/protocols', may: ['src/foundation'] },
  {
    path: 'src/wire',
    // Limits and argument checks are the port's own, so that every engine and the wire refuse the same.
    may: ['src/foundation', 'src/ports/*/limits.ts', 'src/ports/*/version.ts', 'src/ports/*/validation.ts'],
    // It implements the framing that the network of the Node runtime asks for.
    mayTypes: ['src/protocols', 'src/ports', 'src/runtime/node/framing.ts'],
  },
  { path: 'src/storage', may: ['src/foundation', 'src/runtime'], mayTypes: ['src/protocols'] },
  { path: 'src/ports', may: ['src/foundation'] },
  {
    path: 'src/engines/embedded',
    may: [
      ...['src/foundation', 'src/runtime', 'src/protocols', 'src/wire', 'src/storage', 'src/ports'],
      'src/engines/client',
    ],
  },
  {
    path: 'src/engines/remote',
    may: ['src/foundation', 'src/runtime', 'src/wire', 'src/ports', 'src/engines/client'],
  },
  // What the embedded engine and the remote client share: the client's half of the protocol, without storage.
  { path: 'src/engines/client', may: ['src/foundation', 'src/runtime', 'src/wire', 'src/ports'] },
  // An engine for an outside system; engines never import one another.
  { path: 'src/engines/*', may: ['src/foundation', 'src/ports'] },
  // Blocks know the runtime's interface, never what implements it.
  { path: 'src/blocks', may: ['src/foundation', 'src/ports', 'src/runtime/*.ts'] },
  { path: 'src/proof/verify', may: ['src/foundation'] },
  {
    path: 'src/proof',
    may: [
      ...['src/foundation', 'src/runtime', 'src/protocols', 'src/wire', 'src/storage', 'src/ports'],
      ...['src/engines', 'src/blocks', 'src/proof'],
    ],
  },
  { path: 'src/server', may: ['*'] },
  { path: 'src/cli', may: ['*'] },
  // Clusters for tests, ours and users': real processes, and simulated ones.
  { path: 'src/fixture', may: ['*'] },
  // The package's own entries, `src/index.ts` and its like.
  { path: 'src', may: ['*'] },
]

/** Where the outside may be touched directly. */
export const doors: readonly string[] = [
  'src/runtime/node',
  'src/server',
  'src/cli',
  'src/fixture',
  'src/storage/table/lmdb',
  'bench',
  'examples',
]

/** Engines without a driver of their own: they live on a `Runtime`. */
export const enginesOnRuntime: readonly string[] = [
  'src/engines/embedded',
  'src/engines/remote',
  'src/engines/client',
]

/** Modules of Node that are pure functions of their input. */
export const pureModules: readonly string[] = [
  'node:assert',
  'node:assert/strict',
  'node:buffer',
  'node:util',
  'node:zlib',
]

/** Packages with one home. */
export const packageHomes: Readonly<Record<string, readonly string[]>> = {
  '@bomb.sh/tab': ['src/cli'],
  '@hono/node-server': ['src/server'],
  commander: ['src/cli', 'src/server'],
  hono: ['src/server'],
  lmdb: ['src/storage/table/lmdb'],
}

/** The package's entries; the only files that may pass on what others declare. */
export const packageEntries: readonly string[] = ['index', 'sim', 'testing', 'verify', 'raft', 'etcd'].map(
  (name) => `src/${name}.ts`,
)

/** What starts by itself besides tests. */
export const programs: readonly string[] = [
  'src/cli/main.ts',
  'src/cli/maelstrom/testing/program-process.ts',
  'src/server/main.ts',
  'bench/main.ts',
  'bench/storage/spike.ts',
  'test/conformance/write-engines-page.ts',
  'test/mutants/run.ts',
  'test/proof/write-runs.ts',
  'bench/storage/storage-bench.ts',
  'vitest.config.ts',
]

export const linesMax = 500
