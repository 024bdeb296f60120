import { rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { TestCluster } from './testing/command-line.ts'

/** Real processes on a machine that may be busy. */
const patient = { timeout: 20_000, interval: 100 }

describe('five processes, driven through the command line', { timeout: 90_000 }, () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await TestCluster.create()
    writeFileSync(join(cluster.directory, 'places.jsonl'), places(500))
    await cluster.up(
      '--nodes',
      '5',
      '--import',
      join(cluster.directory, 'places.jsonl'),
      '--key',
      '{country}/{name}',
    )
  }, 90_000)
  afterAll(() => cluster.dispose())

  const places = (count: number) =>
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({ country: i % 2 ? 'KR' : 'AD', name: `place-${i}`, i }),
    ).join('\n')
  const states = async () =>
    (await cluster.json('status')).nodes.map(
      ({ status, process }: { status: { state: string } | null; process: string }) =>
        status?.state ?? process,
    )

  test('up says where the nodes are, imports, and tells what to try', () => {
    expect(cluster.messages).toContain(
      `http://127.0.0.1:${cluster.basePort + 4}  127.0.0.1:${cluster.basePort + 105}`,
    )
    expect(cluster.messages).toMatch(/imported {2}500 records of places\.jsonl in /)
    expect(cluster.messages).toContain('npx dure partition --split "1,2|3,4,5"')
    expect(cluster.messages).toContain(`curl localhost:${cluster.basePort}/status`)
  })

  test('status: one leads, all others follow', async () => {
    expect((await states()).toSorted()).toEqual(['follower', 'follower', 'follower', 'follower', 'leader'])
    const { stdout, stderr, code } = await cluster.run('status')
    expect(stdout.split('\n')[0]).toMatch(/^NODE {2}ROLE +TERM +COMMIT +APPLIED +LAG +LOG {2}CANNOT REACH$/)
    expect(stderr).toMatch(/node \d leads in term \d+; 5 of 5 nodes answer/)
    expect(code).toBe(0)
  })

  test('put, get, list and delete', async () => {
    const put = await cluster.run('put', 'city:seoul', '{"population":9602000}')
    expect(put).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/^done {2}city:seoul is at version \d+\n$/),
    })
    expect(await cluster.run('get', 'city:seoul')).toEqual({
      code: 0,
      stdout: '{"population":9602000}',
      stderr: '',
    })
    expect(await cluster.json('get', 'city:seoul')).toMatchObject({
      exists: true,
      encoding: 'json',
      value: { population: 9602000 },
    })
    expect(await cluster.run('get', 'city:atlantis')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'there is no key "city:atlantis" in keyspace default\n',
    })
    const list = await cluster.run('list', 'KR/', '--limit', '2')
    expect(list.stdout).toBe(
      'KR/place-1\t{"country":"KR","name":"place-1","i":1}\nKR/place-101\t{"country":"KR","name":"place-101","i":101}\n',
    )
    expect(list.stderr).toContain('there are more')
    expect(await cluster.json('delete', 'city:seoul')).toEqual({ key: 'city:seoul', existed: true })
    expect((await cluster.run('get', 'city:seoul')).code).toBe(1)
  })

  test('a cut: the majority goes on, the minority says no, and healing loses nothing', async () => {
    const cut = await cluster.run('partition', '--split', '1,2|3,4,5')
    expect(cut.stderr).toMatch(/3, 4, 5 {2}majority {2}node [345] leads in term \d+, after /)
    const { nodes } = await cluster.json('status')
    expect(nodes[0].status.unreachable).toEqual([3, 4, 5])
    expect(nodes[4].status.unreachable).toEqual([1, 2])

    const accepted = await cluster.run('put', 'during', 'the cut')
    expect(accepted.code).toBe(0)
    const refused = await cluster.run('put', 'minority', 'x', '--node', '1', '--timeout-ms', '2000')
    expect(refused).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('outcome: ') })
    const read = await cluster.run('get', 'during', '--node', '2', '--timeout-ms', '2000', '--json')
    expect(read.code).toBe(3)
    expect(JSON.parse(read.stderr).error).toMatchObject({ outcome: 'failed' })

    const old = await cluster.run('get', 'during', '--node', '2', '--consistency', 'eventual')
    expect(old).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no key "during"') })

    expect((await cluster.run('heal')).stderr).toMatch(/^healed {2}node \d leads in term/)
    for (const node of ['1', '2', '3', '4', '5']) {
      await vi.waitFor(
        async () => expect((await cluster.run('get', 'during', '--node', node)).stdout).toBe('the cut'),
        patient,
      )
    }
    if (refused.stderr.includes('outcome: failed'))
      expect((await cluster.run('get', 'minority')).code).toBe(1)
  })

  test('kill, start, pause, resume', async () => {
    expect((await cluster.run('kill', '3')).stderr).toBe('node 3 is dead\n')
    expect((await states())[2]).toBe('dead')
    expect((await cluster.run('status')).stdout).toMatch(/^3 {5}dead .* killed by SIGKILL$/m)
    expect((await cluster.run('kill', '3')).code).toBe(64)
    expect((await cluster.run('start', '3')).stderr).toBe('node 3 is running\n')
    expect((await cluster.run('pause', '4')).stderr).toBe('node 4 is paused\n')
    expect((await states())[3]).toBe('paused')
    await vi.waitFor(async () => expect((await cluster.run('put', 'without', '4')).code).toBe(0), patient)
    expect((await cluster.run('resume', '4')).stderr).toBe('node 4 runs again\n')
    await vi.waitFor(
      async () => expect((await states()).filter((state: string) => state === 'follower')).toHaveLength(4),
      patient,
    )
    expect(cluster.messages).toMatch(
      /node 3 {2}killed\n.*node 3 {2}started\n.*node 4 {2}paused\n.*node 4 {2}resumed\n/s,
    )
  })

  test('a node that somebody else kills is told of', async () => {
    const { nodes } = await cluster.json('status')
    const follower = nodes.find(
      ({ status }: { status: { state: string } }) => status.state === 'follower',
    ).node
    const [{ pid }] = (await import('./supervisor/control-client.ts')
      .then(({ askSupervisor }) => askSupervisor(cluster.directory, { command: 'nodes' }))
      .then((all) => all.filter(({ node }) => node === follower))) as [{ pid: number }]
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(
      () => expect(cluster.messages).toContain(`node ${follower}  died (killed by SIGKILL)`),
      patient,
    )
    expect((await cluster.run('start', String(follower))).code).toBe(0)
  })

  test('a second up on the same directory is refused', async () => {
    const { code, stderr } = await cluster.run('up')
    expect(code).toBe(3)
    expect(stderr).toContain(`a cluster already runs in ${cluster.directory}`)
  })

  test('ports in use are named, with what to do', async () => {
    const other = await TestCluster.create()
    const { code, stderr } = await other.run('up', '--nodes', '1', '--base-port', String(cluster.basePort))
    expect(code).toBe(3)
    expect(stderr).toContain(`port ${cluster.basePort} (HTTP of node 1) is in use`)
    expect(stderr).toContain('--base-port')
    await other.dispose()
  })

  test('Ctrl-C ends it in good order; everything is there the next time, and a lost directory is noticed', async () => {
    await cluster.run('put', 'kept', 'yes')
    expect(await cluster.stop()).toBe(0)
    expect(cluster.messages).toMatch(/stopping …\nstopped\n$/)
    expect((await cluster.run('status')).code).toBe(3)

    await cluster.up('--import', join(cluster.directory, 'places.jsonl'), '--key', '{country}/{name}')
    expect(cluster.messages).toContain('was imported before')
    expect((await cluster.run('get', 'kept')).stdout).toBe('yes')
    await cluster.stop()

    rmSync(join(cluster.directory, 'node-2'), { recursive: true })
    await expect(cluster.up()).rejects.toThrow(/node 2: .*/)
    expect(await cluster.stop()).toBe(3)
  })
})

describe('without a cluster', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await TestCluster.create()
  })
  afterAll(() => cluster.dispose())

  test.for([
    [['status'], 3, 'no cluster was started in'],
    [['kill', '1'], 3, 'no cluster runs in'],
    [['statsu'], 64, 'Did you mean status?'],
    [['list', '--lmit', '3'], 64, 'Did you mean --limit?'],
    [['put', 'only-a-key'], 64, "missing required argument 'value'"],
    [['get', 'a', '--node', '120'], 64, 'Use a whole number from 1 to 99.'],
    [['get', 'a', '--connect', 'nowhere'], 64, 'is no address'],
    [['get', 'a', '--consistency', 'maybe'], 64, 'Allowed choices are strong, eventual'],
    [['up', '--import', 'x.json'], 64, '--import needs --key'],
    [['up', '--nodes', '0'], 64, 'Use a whole number from 1 to 9.'],
    [['kill', 'one'], 64, 'Use a whole number from 1 to 99.'],
    [['member', 'remove', 'one'], 64, 'Use a whole number from 1 to 65535.'],
    [['put', 'a', 'b', '--ttl', '1ms'], 64, 'Use a time from 100ms to 365d.'],
    [['restore', 'a.dure', '--into', 'b', '--connect', 'a:1'], 64, 'leave out --connect'],
    [['conformance', '--engine', 'embedded', '--connect', 'a:1'], 64, '--connect goes with --engine remote'],
    [['partition'], 64, "required option '--split <groups>' not specified"],
  ] as const)('%j ends with %d', async ([args, code, message]) => {
    const found = await cluster.run(...args)
    expect(found).toMatchObject({ code, stdout: '' })
    expect(found.stderr).toContain(message)
  })

  test('nobody at the address: exit code 3, in time', async () => {
    const closed = createServer()
    const port = await new Promise<number>((resolve) =>
      closed.listen(0, '127.0.0.1', () => resolve((closed.address() as { port: number }).port)),
    )
    await new Promise((resolve) => closed.close(resolve))
    const beganMs = performance.now()
    const { code, stderr } = await cluster.run(
      'put',
      'a',
      'b',
      '--connect',
      `127.0.0.1:${port}`,
      '--timeout-ms',
      '1000',
    )
    expect(code).toBe(3)
    expect(stderr).toContain('outcome: ')
    expect(performance.now() - beganMs).toBeLessThan(10_000)
  })

  test('help begins with what to type', async () => {
    const { code, stdout } = await cluster.run('--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}dure up +five nodes on this machine/)
  })
})
