import type { HistoryValue } from '../../verify/history/event.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { ConsistencyModel } from '../../verify/transactions/consistency/consistency-model.ts'
import type { Budget } from '../../verify/verdict/budget.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import type { Generator, Request } from '../../workloads/generator/generator.ts'
import type { Answer, WorkloadClient } from '../../workloads/workload.ts'
import { type Rpc, RpcError } from '../client/rpc.ts'
import type { Topology } from '../network/topology.ts'

/**
 * What is asked of programs that speak the protocol, and the check that judges what they answered.
 *
 * ```ts
 * const plan = echo.plan({ nodes: ['n1', 'n2'], workers: 2, … })
 * ```
 */
export interface MaelstromWorkload {
  readonly name: string
  /** One line: what is asked, and what must hold. */
  readonly description: string
  /** Whether in the end each node is asked what it has. */
  readonly readsEachNode?: boolean
  /** Made for one run. */
  plan(options: PlanOptions): MaelstromPlan
}

export interface PlanOptions {
  readonly nodes: readonly string[]
  readonly workers: number
  readonly topology: Topology
  /** What transactions are held against: all of them. */
  readonly consistencyModels: readonly ConsistencyModel[]
  /** Keys in use at a time. */
  readonly keyCount?: number | undefined
  readonly transactionLengthMax?: number | undefined
  readonly writesPerKeyMax?: number | undefined
  /** Whether clients of a log go away now and then, and others go on where they were. */
  readonly crashClients: boolean
}

export interface MaelstromPlan {
  /** Without end. */
  readonly load: Generator
  /** After all is mended. */
  readonly finalReads?: Generator
  /** What each node is told after `init`, whenever it starts. */
  greet?(call: NodeCall): Promise<unknown>
  /** The client of one worker, which talks to one node. */
  open(call: NodeCall, node: string, worker: number): WorkloadClient
  check(history: RecordedHistory, options: PlanCheckOptions): CheckResult
  /** After the final reads: which nodes did not say what they have, in a sentence. */
  unfinished?(): string | undefined
  /** Acknowledged calls by function, fewer of which show nothing. */
  readonly atLeast: Readonly<Record<string, number>>
}

export interface PlanCheckOptions {
  readonly budget?: Budget | undefined
  /** Index of the first event of the final reads; undefined when there were none. */
  readonly finalFrom?: number | undefined
}

/** Asks the node that a client talks to. */
export type NodeCall = <Reply>(rpc: Rpc<Reply>, body: Readonly<Record<string, unknown>>) => Promise<Reply>

/** Calls that change nothing: whatever becomes of one, it did not happen. */
export type ReadFunctions = readonly string[]

/** A client that keeps nothing between its calls. Errors of the protocol end a call as the protocol says. */
export function client(
  reads: ReadFunctions,
  invoke: (request: Request) => Promise<HistoryValue>,
): WorkloadClient {
  return { invoke: (request) => withErrors(reads, request, async () => ok(await invoke(request))) }
}

export async function withErrors(
  reads: ReadFunctions,
  { f }: Request,
  invoke: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await invoke()
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    const isOver = error.isDefinite || reads.includes(f)
    return { type: isOver ? 'fail' : 'info', error: [error.code, error.message] }
  }
}

export const ok = (value: HistoryValue): Answer => ({ type: 'ok', value })
