/** What kind of question a check asks: the order of single operations, that of transactions, or one thing alone. */
export type CheckFamily = 'linearizability' | 'transactions' | 'isolation' | 'single'

/** An option of one check alone: what may be said, and what it means. */
export interface CheckSetting {
  readonly type: 'number' | 'boolean' | readonly string[]
  readonly about: string
}

export interface CheckDescription {
  /** One line for a list: the functions of the history, and what is asked of them. */
  readonly about: string
  readonly family: CheckFamily
  /** Which of the options that several checks share mean something here. */
  readonly takes: readonly SharedOption[]
  /** What the initial value has to be, where not any will do. */
  readonly initial?: 'number'
  readonly settings?: Readonly<Record<string, CheckSetting>>
}

export type SharedOption = 'consistency' | 'initial' | 'nilRead'

const initialAndNil = ['initial', 'nilRead'] as const

/** Of all checks that a history of many objects can be split for. */
export const keyed = {
  keyed: {
    type: 'boolean',
    about: 'whether values are [key value] pairs, as Jepsen writes many objects; guessed unless said',
  },
} as const satisfies Readonly<Record<string, CheckSetting>>

/**
 * Every check by its name, as `checkHistory` and `dure check --model` know it. Without the checkers themselves, so that a
 * list of them costs nothing.
 */
export const checks = {
  register: {
    about: 'read, write: linearizable',
    family: 'linearizability',
    takes: initialAndNil,
    settings: keyed,
  },
  'cas-register': {
    about: 'read, write, cas (compare and set): linearizable',
    family: 'linearizability',
    takes: initialAndNil,
    settings: keyed,
  },
  'multi-register': {
    about: 'txn of reads and writes of several registers: linearizable',
    family: 'linearizability',
    takes: initialAndNil,
    settings: keyed,
  },
  'key-value': {
    about: 'get, put, append of texts under keys: linearizable',
    family: 'linearizability',
    takes: initialAndNil,
    settings: keyed,
  },
  lock: {
    about: 'acquire, release: never two holders',
    family: 'linearizability',
    takes: [],
    settings: keyed,
  },
  'fenced-lock': {
    about: 'acquire, release with tokens that grow: never two holders',
    family: 'linearizability',
    takes: [],
    settings: keyed,
  },
  'linearizable-queue': {
    about: 'enqueue, dequeue in order: linearizable',
    family: 'linearizability',
    takes: [],
    settings: keyed,
  },
  'linearizable-set': {
    about: 'add, remove, read: linearizable',
    family: 'linearizability',
    takes: [],
    settings: keyed,
  },
  'linearizable-counter': {
    about: 'add, read: linearizable',
    family: 'linearizability',
    takes: ['initial'],
    settings: keyed,
  },
  'append-only-list': {
    about: 'append, read: linearizable',
    family: 'linearizability',
    takes: ['initial'],
    settings: keyed,
  },
  'list-append': {
    about: 'txn of appends to lists and reads of them: --consistency',
    family: 'transactions',
    takes: ['consistency'],
  },
  'rw-register': {
    about: 'txn of writes of unique values and reads: --consistency',
    family: 'transactions',
    takes: ['consistency', 'initial'],
    settings: {
      initialState: {
        type: 'boolean',
        about: 'whether the initial value comes before all others; true unless said',
      },
      writesFollowReads: {
        type: 'boolean',
        about: 'whether what a transaction writes comes after what it read of the key; true unless said',
      },
      sequentialKeys: { type: 'boolean', about: 'whether each key by itself is sequentially consistent' },
      linearizableKeys: { type: 'boolean', about: 'whether each key by itself is linearizable' },
    },
  },
  isolation: {
    about: 'sessions of transactions, each read of a known write: --consistency',
    family: 'isolation',
    takes: ['consistency'],
  },
  bank: {
    about: 'transfer, read: the total of all accounts never changes',
    family: 'single',
    takes: [],
    settings: {
      total: { type: 'number', about: 'what all accounts hold together' },
      negativeBalances: { type: 'boolean', about: 'whether an account may be overdrawn' },
    },
  },
  set: {
    about: 'add, read: the last read finds all that was added',
    family: 'single',
    takes: [],
    settings: keyed,
  },
  'set-full': {
    about: 'add, read: what became of each element, through all reads',
    family: 'single',
    takes: [],
    settings: { ...keyed, linearizable: { type: 'boolean', about: 'whether a stale read is an anomaly' } },
  },
  counter: {
    about: 'add, read: each read is within what can have been added',
    family: 'single',
    takes: ['initial'],
    initial: 'number',
    settings: keyed,
  },
  queue: {
    about: 'enqueue, dequeue: nothing comes out that was not put in',
    family: 'single',
    takes: [],
    settings: keyed,
  },
  'total-queue': {
    about: 'enqueue, dequeue, drain: what goes in comes out, once',
    family: 'single',
    takes: [],
    settings: {
      ...keyed,
      drained: { type: 'boolean', about: 'whether the queue was empty at the end' },
      unansweredTake: {
        type: 'boolean',
        about: 'whether an answer that is lost may take an element with it',
      },
    },
  },
  'unique-ids': {
    about: 'generate: no id is given twice',
    family: 'single',
    takes: [],
  },
  'long-fork': {
    about: 'txn of one write, or of reads: all see writes in one order',
    family: 'single',
    takes: [],
    settings: { groupSize: { type: 'number', about: 'how many keys each read looks at' } },
  },
  'causal-register': {
    about: 'read-init, write, read, one after another: each finds the one before',
    family: 'single',
    takes: initialAndNil,
    initial: 'number',
    settings: keyed,
  },
  'causal-reverse': {
    about: 'write, read of all: never a later write without the earlier ones',
    family: 'single',
    takes: [],
    settings: keyed,
  },
  'session-guarantees': {
    about: 'read, write: read your writes, monotonic reads and writes, writes follow reads',
    family: 'single',
    takes: initialAndNil,
    settings: keyed,
  },
  'predicate-g2': {
    about: 'insert: of two that exclude each other, never both',
    family: 'single',
    takes: [],
  },
  'fenced-mutual-exclusion': {
    about: 'acquire, use, release: no old token works after a newer one',
    family: 'single',
    takes: [],
    settings: { overlap: { type: ['allowed', 'forbidden'], about: 'whether holds may overlap in time' } },
  },
  log: {
    about: 'send, poll, txn with offsets, as in Kafka: nothing is lost, repeated or reordered',
    family: 'single',
    takes: [],
    settings: {
      finalPolls: { type: 'boolean', about: 'whether every partition was polled to its end' },
      fromBeginning: {
        type: 'boolean',
        about: 'whether clients read partitions from their beginning; true unless said',
      },
    },
  },
} as const satisfies Readonly<Record<string, CheckDescription>>

export type CheckName = keyof typeof checks

/** In the order of the catalogue. */
export const checkNames = Object.keys(checks) as readonly CheckName[]

export const describeCheck = (name: CheckName): CheckDescription => checks[name]
