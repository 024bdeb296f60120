import { expect, test } from 'vitest'
import { parseNodeArguments } from './node-arguments.ts'

const good = {
  'node-id': '1',
  'cluster-id': 'demo',
  directory: './data',
  members: '1=127.0.0.1:7001,2=[::1]:7002',
  http: 'localhost:8080',
}

const parse = (changes: Record<string, string | undefined> = {}, ...flags: string[]) =>
  parseNodeArguments([
    ...Object.entries({ ...good, ...changes }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    ),
    ...flags,
  ])

test('all that a node needs', () => {
  expect(parse({}, '--allow-faults')).toEqual({
    nodeId: 1,
    clusterId: 'demo',
    directory: './data',
    members: new Map([
      [1, '127.0.0.1:7001'],
      [2, '[::1]:7002'],
    ]),
    http: { host: 'localhost', port: 8080 },
    httpHostNames: ['127.0.0.1'],
    allowFaults: true,
    faultDisk: undefined,
    initialize: false,
    join: false,
    found: false,
    endWithStdin: false,
    logLevel: 'info',
  })
})

test.for([
  [{ 'node-id': undefined }, '--node-id is missing'],
  [{ 'node-id': '0' }, '--node-id is no number of a node'],
  [{ 'node-id': '70000' }, '--node-id is no number of a node'],
  [{ 'node-id': '3' }, '--members names 1, 2, and not this node (--node-id 3)'],
  [{ 'cluster-id': 'a b' }, '--cluster-id is no name'],
  [{ directory: '' }, '--directory is empty'],
  [{ members: '1=127.0.0.1' }, '--members has the address "127.0.0.1"'],
  [{ members: '127.0.0.1:7001' }, '--members has "127.0.0.1:7001"'],
  [{ members: '1=127.0.0.1:7001,1=127.0.0.1:7002' }, '--members names node 1 twice'],
  [{ http: '8080' }, '--http has the address "8080"'],
  [{ http: '127.0.0.1:99999' }, '--http has the address'],
  [{ 'http-allowed-hosts': 'db.internal:8080' }, '--http-allowed-hosts are no names'],
  [{ 'http-allowed-hosts': '*' }, '--http-allowed-hosts are no names'],
  [{ 'log-level': 'loud' }, '--log-level is none of debug, info, warn, error'],
  [{ 'fault-disk': 'unsynced' }, '--fault-disk was given without --allow-faults'],
  [{ 'fault-disk': 'slow' }, '--fault-disk is none of unsynced'],
  [{ nonsense: 'x' }, "Unknown option '--nonsense'"],
] as const)('%j is refused: %s', ([changes, reason]) => {
  expect(() => parse(changes)).toThrow(reason)
})

test.for([
  { http: '0.0.0.0:8080' },
  { http: '192.168.0.7:8080' },
  { members: '1=0.0.0.0:7001' },
  { members: '1=db.example:7001' },
])('%j leaves this machine only with --insecure', (changes) => {
  expect(() => parse(changes)).toThrow('without encryption or passwords')
  expect(parse(changes, '--insecure').nodeId).toBe(1)
})

test('clients may ask for the name that peers know it by, and for those that are allowed', () => {
  const named = {
    members: '1=db-1.internal:7001,2=db-2.internal:7001',
    'http-allowed-hosts': 'db.internal,db',
  }
  expect(parse(named, '--insecure').httpHostNames).toEqual(['db-1.internal', 'db.internal', 'db'])
})
