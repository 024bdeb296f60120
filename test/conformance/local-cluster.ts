import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/server/main.ts', import.meta.url))

/** Some node processes on free ports of this machine, with a directory that goes with them. */
export class LocalCluster {
  readonly #size: number
  readonly #processes: ChildProcess[] = []
  #directory = ''
  #peers: number[] = []

  constructor(size: number) {
    this.#size = size
  }

  get addresses(): readonly string[] {
    return this.#peers.map((port) => `127.0.0.1:${port}`)
  }

  async start(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'dure-cluster-'))
    const ports = await freePorts(this.#size * 2)
    this.#peers = ports.slice(0, this.#size)
    const members = this.addresses.map((address, i) => `${i + 1}=${address}`).join(',')
    await Promise.all(this.addresses.map((_, i) => this.#startNode(i + 1, members, ports[this.#size + i]!)))
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (process) => {
        if (process.exitCode !== null) return
        const exited = once(process, 'exit')
        process.kill('SIGKILL')
        await exited
      }),
    )
    await rm(this.#directory, { recursive: true })
  }

  async #startNode(id: number, members: string, httpPort: number): Promise<void> {
    const directory = join(this.#directory, String(id))
    const node = spawn(
      process.execPath,
      [
        main,
        '--node-id',
        String(id),
        '--directory',
        directory,
        '--members',
        members,
        '--http',
        `127.0.0.1:${httpPort}`,
      ].concat(['--cluster-id', 'conformance', '--initialize']),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    this.#processes.push(node)
    for await (const line of createInterface({ input: node.stdout! })) {
      if (JSON.parse(line).event === 'ready') return
    }
    throw new Error(`node ${id} ended before it was ready`)
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
