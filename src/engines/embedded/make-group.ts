import { raftDefaults } from '../../protocols/raft/config.ts'
import { Raft } from '../../protocols/raft/raft.ts'
import { Group, type GroupParts } from './group.ts'
import { type NodeOptions, storageDefaults } from './node-options.ts'
import type { RecoveredState } from './recover.ts'

/** A group from what recovery found of it. */
export function makeGroup(
  found: RecoveredState,
  options: NodeOptions,
  parts: Omit<GroupParts, 'id' | 'raft' | 'table' | 'storage' | 'electionTimeoutMs'>,
): Group {
  const { random } = parts.runtime
  const config = { ...raftDefaults, ...options.raft, id: options.nodeId, random: () => random.next() }
  return new Group({
    ...parts,
    id: found.id,
    electionTimeoutMs: config.electionTimeoutMs,
    table: found.table,
    raft: new Raft(config, found.state),
    storage: { ...storageDefaults, ...options.storage },
  })
}
