import type { HistoryEvent } from '../../../proof/verify/history/event.ts'
import type { TestPhase } from '../../../proof/workloads/run/run-plan.ts'
import { formatCount, formatDuration } from '../../output/format.ts'

const said: Readonly<Record<'start' | TestPhase, string>> = {
  start: 'starting nodes',
  prepare: 'preparing',
  load: 'load',
  heal: 'mending',
  'final reads': 'final reads',
  check: 'checking',
  done: 'writing the report',
}

/**
 * How far a run is, in one line.
 *
 * ```
 * load 0:12 of 5:00 · 1,180 calls, 1,102 acknowledged · 7 faults, now kill 3, partition 1,2 | 3,4,5
 * ```
 */
export class LiveLine {
  readonly #timeLimitMs: number
  readonly #nowMs: () => number
  readonly #active = new Map<string, string>()
  #phase: 'start' | TestPhase = 'start'
  #beganMs: number
  #calls = 0
  #acknowledged = 0
  #faults = 0

  constructor(timeLimitMs: number, nowMs: () => number = () => performance.now()) {
    this.#timeLimitMs = timeLimitMs
    this.#nowMs = nowMs
    this.#beganMs = nowMs()
  }

  phase(phase: 'start' | TestPhase): void {
    this.#phase = phase
    this.#beganMs = this.#nowMs()
  }

  event({ process, type, f, value, error }: HistoryEvent): void {
    if (process === 'nemesis') {
      const [phase, kind] = f.split('-') as [string, string]
      if (phase === 'end') this.#active.delete(kind)
      else if (error === undefined) {
        this.#faults++
        this.#active.set(kind, `${kind} ${String(value)}`)
      }
      return
    }
    if (type === 'invoke') this.#calls++
    if (type === 'ok') this.#acknowledged++
  }

  /** Cut to the width of the terminal. */
  text(columns: number): string {
    const tookMs = this.#nowMs() - this.#beganMs
    const time =
      this.#phase === 'load' ? this.#loadTime(tookMs) : tookMs < 1_000 ? '' : formatDuration(tookMs)
    const calls = `${formatCount(this.#calls)} calls, ${formatCount(this.#acknowledged)} acknowledged`
    const now = this.#active.size === 0 ? '' : `, now ${[...this.#active.values()].join(', ')}`
    const parts = [
      `${said[this.#phase]} ${time}`.trim(),
      ...(this.#calls === 0 ? [] : [calls]),
      ...(this.#faults === 0 ? [] : [`${this.#faults} ${this.#faults === 1 ? 'fault' : 'faults'}${now}`]),
    ]
    const line = parts.join(' · ')
    return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`
  }

  #loadTime(tookMs: number): string {
    const isOver = tookMs > this.#timeLimitMs
    return `${clock(Math.min(tookMs, this.#timeLimitMs))} of ${clock(this.#timeLimitMs)}${isOver ? ', last calls' : ''}`
  }
}

const clock = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
