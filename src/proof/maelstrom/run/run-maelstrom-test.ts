import type { Random } from '../../../runtime/random.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import type { FaultKind } from '../../chaos/nemesis/cluster-under-test.ts'
import type { HistoryEvent } from '../../verify/history/event.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { Budget } from '../../verify/verdict/budget.ts'
import type { CheckResult, Verdict } from '../../verify/verdict/verdict.ts'
import type { LoadWorker } from '../../workloads/run/load.ts'
import { runPlan, type TestPhase } from '../../workloads/run/run-plan.ts'
import { callStatistics } from '../../workloads/run/run-statistics.ts'
import type { CallStatistics } from '../../workloads/run/test-record.ts'
import type { WorkloadClient } from '../../workloads/workload.ts'
import { MalformedReply } from '../client/rpc.ts'
import { RpcClient } from '../client/rpc-client.ts'
import type { LatencyDistribution } from '../network/latency.ts'
import { MessageNetwork, type MessageNetworkOptions } from '../network/message-network.ts'
import type { MessageStatistics } from '../network/message-statistics.ts'
import { topologyOf } from '../network/topology.ts'
import { attachServices } from '../services/attach-services.ts'
import type { MaelstromWorkload, NodeCall, PlanOptions } from '../workloads/maelstrom-workload.ts'
import { type Availability, availabilityOf, broken, countOf, judge } from './judgement.ts'
import { MaelstromCluster, type NodeProblem } from './maelstrom-cluster.ts'
import type { NodeLauncher } from './node-launcher.ts'

export interface MaelstromTestOptions
  extends Pick<PlanOptions, 'consistencyModels' | 'keyCount' | 'transactionLengthMax' | 'writesPerKeyMax'> {
  readonly workload: MaelstromWorkload
  readonly nodeCount: number
  /** Clients, spread over the nodes evenly; each makes one call at a time. */
  readonly workers: number
  /** Calls a second, of all clients together. */
  readonly ratePerSecond: number
  /** Of the load. */
  readonly timeLimitMs: number
  /** Of one call. */
  readonly timeoutMs: number
  readonly latencyMs: number
  readonly distribution: LatencyDistribution
  /** Of `topology` messages: `grid`, `line`, `tree3` … */
  readonly topology: string
  /** The part of the calls that must be acknowledged, 1 for all; left out, none in particular. */
  readonly availability?: number | undefined
  readonly crashClients: boolean
  readonly faults?:
    | { readonly kinds: readonly FaultKind[]; readonly everyMs: number; readonly forMs: number }
    | undefined
  /** Before the final reads, where there are some. */
  readonly settleMs: number
  readonly seed: number
  readonly budget?: Budget | undefined
}

export interface MaelstromHooks {
  readonly onEvent?: (event: HistoryEvent) => void
  readonly onPhase?: (phase: TestPhase) => void
  readonly onMessage?: MessageNetworkOptions['onMessage']
  readonly onProblem?: (problem: NodeProblem) => void
  /** Ends the load at once; what was seen is judged. */
  readonly signal?: AbortSignal
}

export interface MaelstromRun {
  readonly verdict: Verdict
  /** Why, in a sentence or some. */
  readonly summary: string
  readonly history: RecordedHistory
  /** What the check of the workload said; what programs did that they may not do comes first among the anomalies. */
  readonly result: CheckResult
  /** What nodes did that no program may do; the first ended the test. */
  readonly problems: readonly NodeProblem[]
  /** By function. */
  readonly calls: Readonly<Record<string, CallStatistics>>
  readonly messages: MessageStatistics
  /** For each call of a client, of all and of those between nodes and services. */
  readonly messagesPerCall: { readonly all: number; readonly servers: number } | undefined
  readonly availability: Availability
  /** Faults that struck, by kind. */
  readonly faults: ReadonlyMap<FaultKind, number>
  /** Index of the first event of the final reads; undefined when there were none. */
  readonly finalFrom: number | undefined
  /** Why it does not say what is there in the end, in a sentence; undefined of one that does. */
  readonly unfinished: string | undefined
}

/**
 * A test of programs that speak Maelstrom's protocol, from their start to a verdict.
 *
 * ```ts
 * const { verdict, summary } = await runMaelstromTest(runtime, launcher, { workload: linKv, nodeCount: 5, … })
 * ```
 *
 * The first thing that no program may do, such as writing what is not a message, ends the test and is `invalid`.
 */
export async function runMaelstromTest(
  runtime: Runtime,
  launcher: NodeLauncher,
  options: MaelstromTestOptions,
  hooks: MaelstromHooks = {},
): Promise<MaelstromRun> {
  const { workload, workers, nodeCount } = options
  const random = new SeededRandom(options.seed, 'maelstrom')
  const nodes = Array.from({ length: nodeCount }, (_, i) => `n${i + 1}`)
  const { latencyMs, distribution } = options
  const onMessage = hooks.onMessage
  const network = new MessageNetwork(runtime, {
    latencyMs,
    distribution,
    random: random.fork('network'),
    onMessage,
  })
  attachServices(network, random.fork('services'))
  const problems = new Problems(hooks)
  const plan = workload.plan({ ...options, nodes, topology: topologyOf(options.topology, nodes) })
  const cluster = new MaelstromCluster(runtime, {
    ...{ nodes, launcher, network },
    greet: plan.greet === undefined ? undefined : (call) => plan.greet!(call),
    onProblem: (problem) => problems.add(problem),
  })
  const openClient = ({ process, worker }: LoadWorker, node: string): WorkloadClient => {
    const rpcClient = new RpcClient(runtime, network, `c${process + 1}`)
    const call = problems.watching((rpc, body) => rpcClient.call(rpc, node, body, options.timeoutMs))
    const client = plan.open(call, node, worker)
    return {
      invoke: (request, options) => client.invoke(request, options),
      async close() {
        await client.close?.()
        rpcClient.close()
      },
    }
  }
  try {
    await Promise.race([cluster.startAll(), problems.ended])
    if (problems.signal.aborted) return neverReady(problems.all, network)
    const run = await runPlan(
      drawingFrom(random.fork('load'), runtime),
      cluster,
      {
        load: plan.load,
        ...(plan.finalReads === undefined ? {} : { finalReads: plan.finalReads, settleMs: options.settleMs }),
        atLeast: plan.atLeast,
        open: (worker) => openClient(worker, nodes[worker.worker % nodeCount]!),
        check(history, budget, finalFrom) {
          const availability = availabilityOf(history, options.availability)
          return judge(plan.check(history, { budget, finalFrom }), problems.all, availability)
        },
        unfinished: () => plan.unfinished?.(),
      },
      {
        ...{ workers, ratePerSecond: options.ratePerSecond, timeLimitMs: options.timeLimitMs },
        timeoutMs: options.timeoutMs,
        ...(options.faults === undefined
          ? {}
          : { faults: { ...options.faults, random: random.fork('faults') } }),
        ...(options.budget === undefined ? {} : { budget: options.budget }),
      },
      { ...hooks, signal: problems.signal },
    )
    const calls = callStatistics(run.history.events)
    const messages = network.statistics
    return {
      ...run,
      problems: problems.all,
      calls,
      messages,
      messagesPerCall: perCall(messages, countOf(calls)),
      availability: availabilityOf(run.history, options.availability),
    }
  } finally {
    await cluster.stopAll()
  }
}

/** What nodes did that they may not do; the first ends the test. */
class Problems {
  readonly all: NodeProblem[] = []
  readonly #over = new AbortController()
  readonly #hooks: MaelstromHooks

  constructor(hooks: MaelstromHooks) {
    this.#hooks = hooks
    if (hooks.signal?.aborted === true) this.#over.abort()
    else hooks.signal?.addEventListener('abort', () => this.#over.abort(), { once: true })
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Resolves when the test is over early. */
  get ended(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve()
      else this.signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  add(problem: NodeProblem): void {
    // One broken node says the same again and again.
    if (this.all.length < PROBLEMS_MAX) {
      this.all.push(problem)
      this.#hooks.onProblem?.(problem)
    }
    this.#over.abort()
  }

  /** Answers that have not the form that was asked for are problems. */
  watching(call: NodeCall): NodeCall {
    return async (rpc, body) => {
      try {
        return await call(rpc, body)
      } catch (error) {
        if (error instanceof MalformedReply)
          this.add({ node: error.node, kind: 'wrong-answer', message: error.message, details: error.details })
        throw error
      }
    }
  }
}

const PROBLEMS_MAX = 16

function neverReady(problems: readonly NodeProblem[], network: MessageNetwork): MaelstromRun {
  const nothing: CheckResult = {
    verdict: 'unknown',
    summary: 'The test was ended before the nodes were ready.',
    anomalies: [],
    spent: { steps: 0, memoryBytes: 0 },
  }
  const result = problems.length > 0 ? broken(problems, nothing) : nothing
  return {
    verdict: result.verdict,
    summary: result.summary,
    history: { origin: 'dure', events: [] },
    result,
    problems,
    calls: {},
    messages: network.statistics,
    messagesPerCall: undefined,
    availability: { found: 0, asked: undefined },
    faults: new Map(),
    finalFrom: undefined,
    unfinished: undefined,
  }
}

function perCall(messages: MessageStatistics, count: number): MaelstromRun['messagesPerCall'] {
  if (count === 0) return undefined
  return { all: messages.all.sent / count, servers: messages.servers.sent / count }
}

/** The load and the faults of a seed are the same whatever else draws numbers. */
function drawingFrom(random: Random, runtime: Runtime): Runtime {
  return {
    random,
    clock: runtime.clock,
    network: runtime.network,
    disk: runtime.disk,
    timer: (delayMs, fire) => runtime.timer(delayMs, fire),
    soon: (run) => runtime.soon(run),
    abort: (reason) => runtime.abort(reason),
  }
}
