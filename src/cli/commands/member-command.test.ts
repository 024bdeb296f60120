import { afterAll, beforeAll, expect, test } from 'vitest'
import { TestCluster } from '../testing/command-line.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await TestCluster.create()
  await cluster.up('--nodes', '3')
}, 60_000)
afterAll(() => cluster.dispose())

const roles = async (): Promise<unknown> => {
  const { members } = await cluster.json('member', 'list')
  return members.map(({ node_id, role }: { node_id: number; role: string }) => `${node_id} ${role}`)
}

test('replace: a dead node that never was is refused, and no voter is left behind', async () => {
  const refused = await cluster.run('member', 'replace', '9', '4')
  expect(refused).toMatchObject({ code: 64, stdout: '' })
  expect(refused.stderr).toContain(
    'there is no node 9 and never was: this cluster has 1, 2, 3. Nothing was changed',
  )
  expect(await roles()).toEqual(['1 voter', '2 voter', '3 voter'])
})

test('replace: goes on from a learner of an earlier try, and may be asked for again', async () => {
  expect(await cluster.run('member', 'add', '4')).toMatchObject({ code: 0 })
  expect(await cluster.run('member', 'replace', '1', '4', '--timeout-ms', '20000')).toMatchObject({ code: 0 })
  expect(await roles()).toEqual(['2 voter', '3 voter', '4 voter'])

  expect(await cluster.json('member', 'replace', '1', '4')).toEqual({ node: 4, role: 'voter', replaced: 1 })
  expect(await roles()).toEqual(['2 voter', '3 voter', '4 voter'])
})

test('up tells what to try with the numbers of the nodes that there are, and names the one whose port it shows', async () => {
  await cluster.stop()
  await cluster.up()
  expect(cluster.messages).toMatch(
    new RegExp(`curl localhost:${cluster.basePort + 1}/status +what node 2 says of itself`),
  )
  for (const example of ['partition --split "2|3,4"', 'get city:seoul --node 2', 'kill 4', 'dure start 4'])
    expect(cluster.messages).toContain(example)
})
