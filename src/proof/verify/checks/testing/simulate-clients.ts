import type { HistoryEvent, HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import { seededRandom } from '../../testing/random-history.ts'

export interface Call {
  readonly f: string
  readonly value: HistoryValue
}

export interface SimulatedClients {
  readonly seed: number
  readonly processes: number
  readonly operations: number
  /** Of the calls: how many end `info`, half of which take effect, some long after. None unless told. */
  readonly unknownRate?: number
  /** Of the calls: how many fail without effect. None unless told. */
  readonly failRate?: number
  /** What a process calls next. */
  readonly next: (tools: Tools) => Call
  /** Takes effect, between call and return; `undefined` fails the call. */
  readonly run: (call: Call, tools: Tools) => HistoryValue | undefined
  /** Made in turn when all others have ended, by a process of their own. */
  readonly last?: readonly Call[]
}

export interface Tools {
  readonly process: number
  readonly random: () => number
  readonly below: (count: number) => number
}

/**
 * For tests: clients that call an object at random, concurrently. A process whose call ended `info` goes on under
 * another name, as Jepsen's do. The same for the same seed.
 */
export function simulateClients(options: SimulatedClients): RecordedHistory {
  const random = seededRandom(options.seed)
  const below = (count: number): number => Math.floor(random() * count)
  const events: HistoryEvent[] = []
  const write = (process: number, type: HistoryEvent['type'], f: string, value: HistoryValue): void => {
    events.push({ index: events.length, process, type, f, value, timeNs: events.length * 1_000_000 })
  }
  interface Open {
    readonly call: Call
    ended: 'no' | 'ok' | 'fail' | 'info'
    answer: HistoryValue
  }
  const names = Array.from({ length: options.processes }, (_, at) => at)
  const open: (Open | undefined)[] = names.map(() => undefined)
  const stray: (() => void)[] = []
  let [called, nextName] = [0, options.processes]

  while (called < options.operations || open.some((each) => each !== undefined)) {
    if (stray.length > 0 && random() < 0.1) stray.splice(below(stray.length), 1)[0]!()
    const at = below(options.processes)
    const current = open[at]
    const process = names[at]!
    const tools = { process, random, below }
    if (current === undefined) {
      if (called >= options.operations) continue
      called++
      const call = options.next(tools)
      write(process, 'invoke', call.f, call.value)
      open[at] = { call, ended: 'no', answer: null }
    } else if (current.ended === 'no') {
      const fate = random()
      if (fate < (options.failRate ?? 0)) current.ended = 'fail'
      else if (random() < (options.unknownRate ?? 0)) {
        current.ended = 'info'
        const effect = below(4)
        if (effect === 0) options.run(current.call, tools)
        else if (effect === 1) stray.push(() => options.run(current.call, tools))
      } else {
        const answer = options.run(current.call, tools)
        current.ended = answer === undefined ? 'fail' : 'ok'
        current.answer = answer ?? null
      }
    } else {
      write(
        process,
        current.ended,
        current.call.f,
        current.ended === 'ok' ? current.answer : current.call.value,
      )
      if (current.ended === 'info') names[at] = nextName++
      open[at] = undefined
    }
  }
  for (const call of options.last ?? []) {
    const process = nextName
    const answer = options.run(call, { process, random, below })
    write(process, 'invoke', call.f, call.value)
    write(process, answer === undefined ? 'fail' : 'ok', call.f, answer ?? null)
  }
  return { origin: 'jepsen', events }
}
