/** Branded numbers: values that look alike and must never be mixed up. */
declare const brand: unique symbol
export type Branded<Value, Name extends string> = Value & { readonly [brand]: Name }

/** A member of a cluster, from 1. Never used again after its member was removed. */
export type NodeId = Branded<number, 'NodeId'>
/** A Raft group; a node hosts many. 0 is the system group. */
export type GroupId = Branded<number, 'GroupId'>
/** A Raft term, from 0 (before the first election). */
export type Term = Branded<number, 'Term'>
/** A place in a Raft log; the first entry has index 1. */
export type LogIndex = Branded<number, 'LogIndex'>
/** A client's session; 0 means "no session". */
export type SessionId = Branded<number, 'SessionId'>

/** A lease: the index of the entry that granted it. */
export type LeaseId = Branded<number, 'LeaseId'>

/** The largest node id: ids above it name client connections on the wire. */
export const NODE_ID_MAX = 0xffff

export const nodeId = (value: number): NodeId => value as NodeId
export const groupId = (value: number): GroupId => value as GroupId
export const term = (value: number): Term => value as Term
export const logIndex = (value: number): LogIndex => value as LogIndex
export const sessionId = (value: number): SessionId => value as SessionId
export const leaseId = (value: number): LeaseId => value as LeaseId
