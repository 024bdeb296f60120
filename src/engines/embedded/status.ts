/** What `GET /status` and `dure status` show of one node: the system group's view, with these very names. */
export interface NodeStatus {
  readonly node_id: number
  readonly cluster_id: string
  /** A pre-candidate counts as a follower. */
  readonly state: 'leader' | 'candidate' | 'follower'
  readonly term: number
  readonly cluster_size: number
  readonly leader_id: number | null
  readonly commit_index: number
  readonly applied_index: number
  /** Applied and durable in the table: the log is cut no further. */
  readonly durable_index: number
  readonly last_index: number
  readonly log_bytes: number
  readonly groups: number
  readonly sessions: number
  readonly leases: number
  /** Members that this node has no connection to. */
  readonly unreachable: readonly number[]
  readonly members: readonly MemberStatus[]
  readonly version: string
}

export interface MemberStatus {
  readonly node_id: number
  readonly role: 'voter' | 'learner'
  readonly peer_address: string
  /** Empty when nobody has told. */
  readonly http_address: string
  /** As the leader knows it; null on other nodes. */
  readonly match_index: number | null
}
