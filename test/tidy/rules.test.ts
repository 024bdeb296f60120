import { describe, expect, test } from 'vitest'
import { readVirtualProject } from './read-project.ts'
import { checkDeadFiles, checkUnusedExports } from './rules/dead-code.ts'
import { checkForbiddenCalls } from './rules/forbidden-calls.ts'
import { checkImports } from './rules/imports.ts'
import { checkBarrels, checkDefaultExports, checkLength, checkOnly } from './rules/shape.ts'
import { checkWords } from './rules/words.ts'

describe('imports', () => {
  const allows = (path: string, text: string) =>
    expect(checkImports(readVirtualProject({ [path]: text }))).toEqual([])
  const refuses = (path: string, text: string) =>
    expect(checkImports(readVirtualProject({ [path]: text }))).toEqual([
      expect.stringContaining(`${path}:1 imports`),
    ])

  test('go down', () => {
    allows('src/protocols/raft/raft.ts', `import { assert } from '../../foundation/assert.ts'`)
    allows('src/cli/main.ts', `import { open } from '../engines/embedded/node.ts'`)
    allows('src/proof/simulation/run.ts', `import { check } from '../verify/check.ts'`)
  })

  test('never up or across', () => {
    refuses('src/foundation/assert.ts', `import type { Clock } from '../runtime/clock.ts'`)
    refuses('src/protocols/raft/raft.ts', `import type { Runtime } from '../../runtime/runtime.ts'`)
    refuses('src/engines/remote/client.ts', `import { Log } from '../../storage/log/log.ts'`)
    refuses('src/engines/etcd/store.ts', `import { Client } from '../remote/client.ts'`)
    refuses('src/engines/kafka/store.ts', `import { x } from '../nats/store.ts'`)
    refuses('src/proof/verify/check.ts', `import { simulate } from '../simulation/run.ts'`)
    refuses('src/blocks/lock/lock.ts', `import { store } from '../../engines/embedded/store.ts'`)
  })

  test('hidden ones count: dynamic, in a type, passed on', () => {
    refuses('src/ports/a.ts', `const x = await import('../wire/parcel/parcel.ts')`)
    refuses('src/ports/a.ts', `type X = import('../wire/parcel/parcel.ts').Parcel`)
    refuses('src/ports/a.ts', `export { x } from '../wire/parcel/parcel.ts'`)
  })

  test('some take types only', () => {
    allows('src/wire/raft/codec.ts', `import type { Message } from '../../protocols/raft/message.ts'`)
    allows('src/storage/log/log.ts', `import { type Entry } from '../../protocols/raft/entry.ts'`)
    refuses('src/wire/raft/codec.ts', `import { x, type Message } from '../../protocols/raft/message.ts'`)
  })

  test('blocks know the interface of the runtime, not what implements it', () => {
    allows('src/blocks/lock/lock.ts', `import type { Runtime } from '../../runtime/runtime.ts'`)
    refuses('src/blocks/lock/lock.ts', `import { create } from '../../runtime/node/runtime.ts'`)
  })

  test('what only tests use stays with them', () => {
    refuses('src/cli/main.ts', `import { fake } from './testing/fake.ts'`)
    allows('src/cli/main.test.ts', `import { fake } from './testing/fake.ts'`)
    allows('src/cli/testing/fake.ts', `import { fake } from './other.ts'`)
  })

  test('a package with one home is imported there', () => {
    allows('src/storage/table/lmdb/table.ts', `import { open } from 'lmdb'`)
    refuses('src/storage/log/log.ts', `import { open } from 'lmdb'`)
    refuses('src/cli/main.ts', `import { serve } from '@hono/node-server'`)
  })
})

describe('forbidden calls', () => {
  const check = (text: string, path = 'src/blocks/lock/lock.ts') =>
    checkForbiddenCalls(readVirtualProject({ [path]: text }))

  test.for([
    ['const t = Date.now()', 'runtime.clock'],
    ['const t: Date = now()', 'runtime.clock'],
    ['const t = performance.now()', 'runtime.clock'],
    ['const t = process.hrtime()', 'process.hrtime'],
    ['setTimeout(go, 5)', 'runtime.timer'],
    ['globalThis.setTimeout(go, 5)', 'runtime.timer'],
    ['const { later } = { later: setTimeout }', 'runtime.timer'],
    ['setImmediate(go)', 'runtime.soon'],
    ['const signal = AbortSignal.timeout(5)', 'runtime.timer'],
    ['const r = Math.random()', 'runtime.random'],
    ['const r = crypto.randomUUID()', 'runtime.random'],
    ['await fetch(url)', 'runtime.network'],
    [`import { readFile } from 'node:fs/promises'`, 'runtime.disk'],
    [`import fs from 'fs'`, 'runtime.disk'],
    [`const net = await import('node:net')`, 'runtime.network'],
    [`import { hostname } from 'node:os'`, 'not pure'],
    ['names.sort((a, b) => a.localeCompare(b))', 'compareBytes'],
  ] as const)('%s', ([text, replacement]) => {
    expect(check(text)).toEqual([expect.stringContaining(replacement)])
  })

  test.for([
    '// Date.now() in a comment',
    'const text = "Math.random()"',
    'class Table { process(row: Row) { return this.fetch(row) } fetch(row: Row) { return row } }',
    'const performance = 1; export const twice = performance * 2',
    'const settings = { Date: 1, process: 2 }; use(settings.process)',
    'const x = Math.floor(1.5).toString()',
    'const signal = AbortSignal.any(all)',
    `import { crc32 } from 'node:zlib'`,
    `import type { Socket } from 'node:net'`,
  ])('%s is fine', (text) => {
    expect(check(text)).toEqual([])
  })

  test('doors may', () => {
    const text = `import { open } from 'node:fs'; const t = Date.now()`
    for (const folder of [
      'src/runtime/node',
      'src/server',
      'src/cli',
      'src/engines/etcd',
      'src/storage/table/lmdb',
    ]) {
      expect(check(text, `${folder}/a.ts`)).toEqual([])
    }
    for (const folder of [
      'src/runtime/simulated',
      'src/engines/embedded',
      'src/engines/remote',
      'src/storage/table',
    ]) {
      expect(check(text, `${folder}/a.ts`)).toHaveLength(2)
    }
  })
})

test('a dead file is one that nothing starts from', () => {
  const files = readVirtualProject({
    'src/index.ts': `export { a } from './blocks/a.ts'`,
    'src/blocks/a.ts': `export const a = new URL('./worker.ts', import.meta.url)`,
    'src/blocks/worker.ts': 'const b = new URL(`./other.$' + '{extension}`, import.meta.url)',
    'src/blocks/other.ts': '',
    'src/blocks/b.test.ts': `import './b.ts'`,
    'src/blocks/b.ts': '',
    'src/blocks/dead.ts': `import './alsoDead.ts'`,
    'src/blocks/alsoDead.ts': '',
  })
  expect(
    checkDeadFiles(files)
      .map((line) => line.split(' ')[0])
      .sort(),
  ).toEqual(['src/blocks/alsoDead.ts', 'src/blocks/dead.ts'])
})

test('an unused export is named; a type in an exported signature is not unused', () => {
  const files = readVirtualProject({
    'src/index.ts': `export { used as renamed } from './blocks/a.ts'`,
    'src/blocks/a.ts': `
      export const used = 1
      export const unused = 2
      export interface Options { readonly a: number }
      export type Alone = string
      export function open(options: Options) { return options }
      const inside = 1
      export { inside }
    `,
    'src/blocks/b.test.ts': `import { open } from './a.ts'`,
  })
  expect(checkUnusedExports(files).map((line) => line.split(' ')[2])).toEqual([
    'unused,',
    'Alone,',
    'inside,',
  ])
})

test('a long file says why', () => {
  const lines = 'x()\n'.repeat(501)
  const files = readVirtualProject({
    'src/a.ts': lines,
    'src/b.ts': `// Long because it is a table.\n${lines}`,
    'src/c.ts': 'x()',
  })
  expect(checkLength(files)).toEqual([expect.stringContaining('src/a.ts has 501 lines')])
})

test('default exports, passing on, and tests that run alone', () => {
  const files = readVirtualProject({
    'src/a.ts': 'export default function a() {}',
    'src/b.ts': 'const b = 1\nexport default b',
    'src/c.ts': `export * from './d.ts'`,
    'src/index.ts': `export * from './d.ts'`,
    'src/d.test.ts': 'test.only("x", run)\ntest("test.only", run)',
  })
  expect(
    checkDefaultExports(files)
      .map((line) => line.split(' ')[0])
      .sort(),
  ).toEqual(['src/a.ts:1', 'src/b.ts:2'])
  expect(checkBarrels(files)).toEqual([expect.stringContaining('src/c.ts:1 passes on src/d.ts')])
  expect(checkOnly(files)).toEqual([expect.stringContaining('src/d.test.ts:1')])
})

test('words of the workshop', () => {
  const check = (text: string) => checkWords([{ path: 'a.md', text }])
  for (const text of [
    'see /home/someone/x',
    'fixed in issue 12',
    '// TODO later',
    'http://registry.example/npm/x',
  ]) {
    expect(check(text)).toHaveLength(1)
  }
  for (const text of [
    'etcd-io/etcd#20418',
    'curl http://localhost:8080/status',
    'a session expires',
    'src/work/x',
  ]) {
    expect(check(text)).toEqual([])
  }
})
