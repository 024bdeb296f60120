/** What an engine promises. Asking for more is refused when a keyspace is opened; nothing degrades in silence. */
export interface Guarantees {
  readonly engine: string
  /** The strongest read. */
  readonly read: 'strong' | 'eventual'
  /** Where an acknowledged write is. */
  readonly durability: 'majority-synced' | 'synced' | 'memory'
  /** Whether a retry with the same idempotency key happens at most once. */
  readonly idempotentRetries: boolean
  /** What `commit` spans. */
  readonly commit: 'partition' | 'key'
  /** Whether `watch` and `cursor` work: in order, no gap, no repeat. */
  readonly watch: boolean
  /** Whether `lease`, and a put's `lease` and `ttlMs`, work. */
  readonly leases: boolean
}
