import { raftDefaults } from '../../protocols/raft/config.ts'
import { Raft } from '../../protocols/raft/raft.ts'
import { Group, type GroupParts } from './group.ts'
import { type NodeOptions, storageDefaults } from './node-options.ts'
import type { RecoveredState } from './recovery/recover.ts'
import { StateMachine } from './state-machine/state-machine.ts'

/** A group from what recovery found of it. */
export function makeGroup(
  found: RecoveredState,
  options: NodeOptions,
  parts: Omit<GroupParts, 'id' | 'raft' | 'table' | 'stateMachine' | 'storage' | 'electionTimeoutMs'>,
): Group {
  const { random } = parts.runtime
  const config = { ...raftDefaults, ...options.raft, id: options.nodeId, random: () => random.next() }
  const storage = { ...storageDefaults, ...options.storage }
  return new Group({
    ...parts,
    id: found.id,
    electionTimeoutMs: config.electionTimeoutMs,
    table: found.table,
    raft: new Raft(config, found.state),
    stateMachine: new StateMachine(found.table, storage.stateMachine, found.state.log),
    storage,
  })
}
