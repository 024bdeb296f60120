import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { chooseControlAddress, findControlAddress } from './control-address.ts'
import { askSupervisor } from './control-client.ts'
import { Supervisor, type SupervisorEvent } from './supervisor.ts'

const FAKE_NODE = join(import.meta.dirname, '../testing/fake-node.js')

let directory: string
let supervisor: Supervisor
let events: SupervisorEvent[]
let flags: Record<number, string[]>

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-supervisor-'))
  events = []
  flags = {}
  supervisor = create(directory)
})

afterEach(async () => {
  await supervisor.kill()
  rmSync(directory, { recursive: true, force: true })
})

const create = (at: string) =>
  new Supervisor({
    directory: at,
    nodes: [1, 2, 3],
    command: (node) => ({ file: process.execPath, args: [FAKE_NODE, ...(flags[node] ?? [])] }),
    logPath: (node) => join(at, `node-${node}.log`),
    onEvent: (event) => events.push(event),
  })

const states = () => supervisor.nodes.map(({ state }) => state)
const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('kill, start, pause and resume are asked over the socket', async () => {
  await supervisor.start()
  expect(states()).toEqual(['running', 'running', 'running'])
  const [killed] = await askSupervisor(directory, { command: 'kill', node: 2 })
  expect(killed).toMatchObject({ node: 2, state: 'dead', ending: 'killed by SIGKILL' })
  const [started] = await askSupervisor(directory, { command: 'start', node: 2 })
  expect(started).toMatchObject({ node: 2, state: 'running', ending: null })
  await askSupervisor(directory, { command: 'pause', node: 3 })
  expect(await askSupervisor(directory, { command: 'nodes' })).toMatchObject([
    { state: 'running' },
    { state: 'running' },
    { state: 'paused' },
  ])
  await askSupervisor(directory, { command: 'resume', node: 3 })
  expect(states()).toEqual(['running', 'running', 'running'])
  expect(events.slice(3).map(({ event, node }) => `${event} ${node}`)).toEqual([
    'killed 2',
    'ready 2',
    'paused 3',
    'resumed 3',
  ])
})

test('what makes no sense is refused, with what to do', async () => {
  await supervisor.start()
  await expect(askSupervisor(directory, { command: 'start', node: 1 })).rejects.toThrow(
    'asked to start node 1, but it is running: nothing was done',
  )
  await expect(askSupervisor(directory, { command: 'kill', node: 7 })).rejects.toThrow(
    'there is no node 7: this cluster has 1, 2, 3',
  )
  await askSupervisor(directory, { command: 'kill', node: 1 })
  await expect(askSupervisor(directory, { command: 'pause', node: 1 })).rejects.toThrow(
    'asked to pause node 1, but it is dead (killed by SIGKILL): start it first: dure start 1',
  )
})

test('a node that dies is told of, and not started again', async () => {
  flags[2] = ['--crash']
  await supervisor.start()
  await vi.waitFor(() => expect(events).toContainEqual({ event: 'died', node: 2, ending: 'exit code 70' }))
  expect(states()).toEqual(['running', 'dead', 'running'])
})

test('when one cannot start, its own words are passed on and none is left', async () => {
  flags[3] = ['--fail']
  await expect(supervisor.start()).rejects.toThrow(
    /^node 3: the data directory belongs to node 9 \(log: .*node-3\.log\)$/,
  )
  expect(states()).toEqual(['dead', 'dead', 'dead'])
})

test('stopping is graceful, also of a paused node, and leaves no socket', async () => {
  await supervisor.start()
  await askSupervisor(directory, { command: 'pause', node: 1 })
  await supervisor.stop()
  expect(supervisor.nodes.map(({ ending }) => ending)).toEqual(['exit code 0', 'exit code 0', 'exit code 0'])
  expect(events.filter(({ event }) => event === 'died')).toEqual([])
  await expect(askSupervisor(directory, { command: 'nodes' })).rejects.toThrow(
    `no cluster runs in ${directory}`,
  )
})

test('what a node says goes to the end of its log', async () => {
  await supervisor.start()
  await askSupervisor(directory, { command: 'kill', node: 1 })
  await askSupervisor(directory, { command: 'start', node: 1 })
  expect(readFileSync(join(directory, 'node-1.log'), 'utf8')).toBe('{"event":"starting"}\n'.repeat(2))
})

test('nodes end when their supervisor is killed', async () => {
  const program = `
    import { Supervisor } from ${JSON.stringify(join(import.meta.dirname, 'supervisor.ts'))}
    const supervisor = new Supervisor({
      directory: ${JSON.stringify(directory)}, nodes: [1, 2], onEvent: () => {},
      command: () => ({ file: process.execPath, args: [${JSON.stringify(FAKE_NODE)}] }),
      logPath: (node) => ${JSON.stringify(directory)} + '/node-' + node + '.log',
    })
    await supervisor.start()
    console.log(JSON.stringify(supervisor.nodes.map(({ pid }) => pid)))
  `
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program])
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const pids: number[] = JSON.parse(line)
  expect(pids.map(isAlive)).toEqual([true, true])
  child.kill('SIGKILL')
  await vi.waitFor(() => expect(pids.map(isAlive)).toEqual([false, false]), { timeout: 5_000 })
})

test('a socket left by a supervisor that died is no obstacle', async () => {
  await supervisor.start()
  const address = findControlAddress(directory)!
  await supervisor.kill()
  writeFileSync(address, '')
  supervisor = create(directory)
  await supervisor.start()
  expect(await askSupervisor(directory, { command: 'nodes' })).toHaveLength(3)
})

test('a directory too deep for a socket gets one elsewhere, which the command line finds', async () => {
  const deep = join(directory, 'd'.repeat(60), 'e'.repeat(60))
  mkdirSync(deep, { recursive: true })
  const address = chooseControlAddress(deep)
  expect(dirname(address)).toBe(tmpdir())
  supervisor = create(deep)
  await supervisor.start()
  expect(findControlAddress(deep)).toBe(address)
  expect(await askSupervisor(deep, { command: 'nodes' })).toHaveLength(3)
  expect(chooseControlAddress(deep, 'win32')).toMatch(/^\\\\\.\\pipe\\dure-[0-9a-f]{16}$/)
})

test.runIf(process.platform !== 'win32')('strangers on the socket do no harm', async () => {
  await supervisor.start()
  for (const bytes of ['nonsense\n', '{"command":"explode"}\n', 'x'.repeat(5_000)]) {
    const socket = connect(findControlAddress(directory)!)
    socket.on('error', () => {})
    socket.write(bytes)
    const answer = await readText(socket).catch(() => '')
    expect(answer === '' || JSON.parse(answer).ok === false).toBe(true)
  }
  expect(existsSync(findControlAddress(directory)!)).toBe(true)
  expect(states()).toEqual(['running', 'running', 'running'])
})
