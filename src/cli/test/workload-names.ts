/** Names of all workloads, for help alone: the workloads themselves are loaded when one is run. A test holds them together. */
export const workloadNames = [
  'register',
  'cas-register',
  'set',
  'counter',
  'bank',
  'list-append',
  'rw-register',
  'long-fork',
  'session',
  'lock',
  'lease',
  'queue',
  'unique-ids',
  'watch',
  'mixed',
] as const
