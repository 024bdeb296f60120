import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientStore } from '../../engines/client/client-store.ts'
import { DureError } from '../../foundation/errors.ts'
import type { ConformanceContext } from '../../ports/key-value/conformance/conformance-case.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import type { CommandContext } from '../command-context.ts'
import { type GlobalOptions, storeAddresses } from '../options.ts'

export const engineNames = ['embedded', 'remote', 'etcd'] as const

export interface ConformanceOptions extends GlobalOptions {
  readonly engine: (typeof engineNames)[number]
  readonly endpoints?: readonly string[]
  readonly username?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** An engine that a person asked to be tested, and what may be done to it there. */
export interface TestedEngine {
  readonly where: string
  readonly open: () => Promise<KeyValueStore>
  readonly abandon?: ConformanceContext['abandon']
  close(): Promise<void>
}

/** Where the password of `--username` is read from: a command line can be seen by others. */
export const PASSWORD_VARIABLE = 'DURE_ETCD_PASSWORD'

export async function openTestedEngine(
  context: CommandContext,
  options: ConformanceOptions,
): Promise<TestedEngine> {
  if (options.engine !== 'etcd' && options.endpoints !== undefined) {
    throw new DureError('invalid', '--endpoints goes with --engine etcd: use --connect for a cluster of Dure')
  }
  if (options.engine !== 'remote' && options.connect !== undefined) {
    throw new DureError(
      'invalid',
      `--connect goes with --engine remote: leave it out to test ${options.engine}`,
    )
  }
  switch (options.engine) {
    case 'embedded':
      return openEmbedded()
    case 'remote':
      return openRemote(context, options)
    case 'etcd':
      return openEtcd(context, options)
  }
}

const abandon = async (store: KeyValueStore): Promise<void> => (store as ClientStore).abandon()

async function openEmbedded(): Promise<TestedEngine> {
  const { shareDirectory } = await import('../../engines/embedded/open-directory.ts')
  const directory = await mkdtemp(join(tmpdir(), 'dure-conformance-'))
  const shared = await shareDirectory(directory)
  return {
    where: 'one process, in a directory that is removed afterwards',
    open: async () => shared.open(),
    abandon,
    async close() {
      await shared.close()
      await rm(directory, { recursive: true })
    },
  }
}

async function openRemote({ shell }: CommandContext, options: ConformanceOptions): Promise<TestedEngine> {
  const target = storeAddresses(options, 'conformance')
  return {
    where: target.addresses.join(', '),
    open: () => shell.connect(target),
    abandon,
    close: async () => {},
  }
}

async function openEtcd({ shell }: CommandContext, options: ConformanceOptions): Promise<TestedEngine> {
  const { endpoints, username, ca, cert, key } = options
  if (endpoints === undefined) {
    throw new DureError('invalid', 'which etcd? Say --endpoints, for example --endpoints 127.0.0.1:2379')
  }
  const password = shell.env[PASSWORD_VARIABLE]
  if (username !== undefined && password === undefined) {
    throw new DureError(
      'invalid',
      `the password of ${username} is read from ${PASSWORD_VARIABLE}, which is not set`,
    )
  }
  const tls = {
    ...(ca !== undefined && { ca: await readFile(ca) }),
    ...(cert !== undefined && { cert: await readFile(cert) }),
    ...(key !== undefined && { key: await readFile(key) }),
  }
  const { etcd } = await import('../../engines/etcd/etcd.ts')
  const engine = etcd({
    endpoints,
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(username !== undefined && password !== undefined && { username, password }),
  })
  return { where: endpoints.join(', '), open: () => engine.open(), close: async () => {} }
}
