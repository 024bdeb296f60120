import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { Budget } from '../../verify/verdict/budget.ts'
import type { CheckResult, Verdict } from '../../verify/verdict/verdict.ts'
import { bank } from '../bank/bank.ts'
import { mix, phases } from '../generator/combinators.ts'
import type { Draw, Generator } from '../generator/generator.ts'
import { queue } from '../queue/queue.ts'
import { register } from '../register/register.ts'
import { set } from '../set/set.ts'
import { listAppend } from '../transactions/list-append.ts'
import { watch } from '../watch/watch.ts'
import type { WorkerContext, Workload, WorkloadClient, WorkloadPlan } from '../workload.ts'

const parts: readonly Workload[] = [bank, listAppend, queue, register, set, watch]

/** Several workloads on one store at once, each judged by itself: what they share is the store alone. */
export const mixed: Workload = {
  name: 'mixed',
  description: `${parts.map(({ name }) => name).join(', ')} at once, each judged by itself`,
  plan({ prefix, workers }) {
    const plans = parts.map((part) => ({
      name: part.name,
      plan: part.plan({ workers, prefix: `${prefix}${part.name}/` }),
    }))
    return {
      load: mix(plans.map(({ name, plan }) => named(name, plan.load))),
      finalReads: phases(
        plans.flatMap(({ name, plan }) =>
          plan.finalReads === undefined ? [] : [named(name, plan.finalReads)],
        ),
      ),
      atLeast: Object.fromEntries(
        plans.flatMap(({ name, plan }) =>
          Object.entries(plan.atLeast).map(([f, count]) => [`${name}.${f}`, Math.ceil(count / 2)]),
        ),
      ),
      async prepare(store, runtime) {
        for (const { plan } of plans) await plan.prepare?.(store, runtime)
      },
      open: (worker) => new MixedClient(worker, plans),
      check: (history, budget) => judge(history, plans, budget),
    }
  },
}

interface NamedPlan {
  readonly name: string
  readonly plan: WorkloadPlan
}

class MixedClient implements WorkloadClient {
  readonly #worker: WorkerContext
  readonly #plans: readonly NamedPlan[]
  readonly #clients = new Map<string, WorkloadClient>()

  constructor(worker: WorkerContext, plans: readonly NamedPlan[]) {
    this.#worker = worker
    this.#plans = plans
  }

  invoke(...[request, options]: Parameters<WorkloadClient['invoke']>) {
    const { name, f } = parse(request.f)
    let client = this.#clients.get(name)
    if (client === undefined) {
      client = this.#plans.find((part) => part.name === name)!.plan.open(this.#worker)
      this.#clients.set(name, client)
    }
    return client.invoke({ ...request, f }, options)
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#clients.values()].map((client) => client.close?.()))
  }
}

/** The worst verdict of the parts; what is wrong with each, under its name. */
function judge(
  history: RecordedHistory,
  plans: readonly NamedPlan[],
  budget: Budget | undefined,
): CheckResult {
  const results = plans.map(({ name, plan }) => ({
    name,
    result: plan.check({ ...history, events: eventsOf(history, name) }, budget),
  }))
  const having = (verdict: Verdict) => results.filter(({ result }) => result.verdict === verdict)
  const [invalid, unknown] = [having('invalid'), having('unknown')]
  const worst = invalid.length > 0 ? invalid : unknown.length > 0 ? unknown : results
  return {
    verdict: invalid.length > 0 ? 'invalid' : unknown.length > 0 ? 'unknown' : 'valid',
    summary: worst.map(({ name, result }) => `${name}: ${result.summary}`).join(' '),
    anomalies: invalid.flatMap(({ name, result }) =>
      result.anomalies.map((anomaly) => ({ ...anomaly, explanation: `${name}: ${anomaly.explanation}` })),
    ),
    spent: {
      steps: results.reduce((sum, { result }) => sum + result.spent.steps, 0),
      memoryBytes: results.reduce((most, { result }) => Math.max(most, result.spent.memoryBytes), 0),
    },
  }
}

const eventsOf = ({ events }: RecordedHistory, name: string): RecordedHistory['events'] =>
  events.filter(({ f }) => parse(f).name === name).map((event) => ({ ...event, f: parse(event.f).f }))

/** `bank.read` is the read of the bank. */
function parse(f: string): { readonly name: string; readonly f: string } {
  const dot = f.indexOf('.')
  return { name: f.slice(0, dot), f: f.slice(dot + 1) }
}

function named(name: string, part: Generator): Generator {
  return {
    next(asking): Draw {
      const draw = part.next(asking)
      if (draw.kind !== 'call') return draw
      return { kind: 'call', request: { ...draw.request, f: `${name}.${draw.request.f}` } }
    },
  }
}
