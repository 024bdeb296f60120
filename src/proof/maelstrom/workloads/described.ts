/** What is asked by each workload, and what must hold; in the order in which they are best learned. Loads nothing. */
export const workloadDescriptions = {
  echo: 'sends a text, and expects it back',
  'unique-ids': 'asks for ids; no two are the same, whoever gave them',
  broadcast: 'sends messages to one node each; in the end every node has all of them',
  'g-set': 'adds elements to a set that only grows; in the end every node has all of them',
  'g-counter': 'adds to a counter that only grows; in the end every node tells the sum',
  'pn-counter': 'adds to and takes from a counter; in the end every node tells the sum',
  'lin-kv': 'reads, writes and compares-and-sets single keys; each key is linearizable',
  'txn-list-append': 'transactions that append to lists and read them; they satisfy the consistency model',
  'txn-rw-register': 'transactions that write and read registers; they satisfy the consistency model',
  kafka: 'sends to logs and polls them; nothing acknowledged is lost, and each client reads on without gaps',
} as const

export type WorkloadName = keyof typeof workloadDescriptions

export const described = (
  name: WorkloadName,
): { readonly name: WorkloadName; readonly description: string } => ({
  name,
  description: workloadDescriptions[name],
})
