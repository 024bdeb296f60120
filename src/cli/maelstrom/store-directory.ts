import {
  createWriteStream,
  mkdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import type { Message } from '../../proof/maelstrom/protocol/message.ts'
import type { HistoryEvent } from '../../proof/verify/history/event.ts'
import { dureHeader, dureLine } from '../../proof/verify/history/format/write-dure.ts'
import type { RecordedHistory } from '../../proof/verify/history/recorded-history.ts'
import { writeHistory } from '../../proof/verify/history/write-history.ts'

/** What a run leaves, so that it can be looked at and checked again: `store/<name>/<time>/`. */
export class StoreDirectory {
  readonly path: string
  readonly #root: string
  readonly #name: string
  readonly #startedMs: number
  readonly #history: WriteStream
  readonly #messages: WriteStream
  #messageCount = 0

  constructor(root: string, name: string, nowMs: number) {
    this.#root = root
    this.#name = name
    this.#startedMs = performance.now()
    const time = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '')
    this.path = join(root, name, time)
    mkdirSync(this.path, { recursive: true })
    this.#history = createWriteStream(join(this.path, 'history.jsonl'))
    this.#messages = createWriteStream(join(this.path, 'messages.jsonl'))
    this.#history.write(dureHeader('dure'))
    link(join(this.#root, 'current'), join(name, time))
  }

  get nodeLogs(): string {
    return join(this.path, 'node-logs')
  }

  get nodeData(): string {
    return join(this.path, 'node-data')
  }

  event(event: HistoryEvent): void {
    this.#history.write(dureLine(event))
  }

  message(event: 'sent' | 'received', id: number, { src, dest, body }: Message): void {
    if (this.#messageCount === MESSAGES_MAX) return
    this.#messageCount++
    const time_ms = Math.round((performance.now() - this.#startedMs) * 1_000) / 1_000
    // A message is told once in full; what is received is known by its id.
    const told = event === 'sent' ? { time_ms, event, id, src, dest, body } : { time_ms, event, id }
    this.#messages.write(`${JSON.stringify(told)}\n`)
  }

  /** Of a run that came to its end: the newest that there is to look at. */
  async finish(results: unknown, history: RecordedHistory): Promise<void> {
    this.#history.end()
    this.#messages.end()
    await Promise.all([finished(this.#history), finished(this.#messages)])
    const edn = createWriteStream(join(this.path, 'history.edn'))
    for (const chunk of writeHistory(history, { format: 'edn' })) edn.write(chunk)
    edn.end()
    await finished(edn)
    this.write('results.json', results)
    const time = this.path.split('/').at(-1)!
    link(join(this.#root, 'latest'), join(this.#name, time))
    link(join(this.#root, this.#name, 'latest'), time)
  }

  write(name: string, json: unknown): void {
    writeFileSync(join(this.path, name), `${JSON.stringify(json, undefined, 2)}\n`)
  }
}

/** Beyond so many, only their numbers are kept. */
const MESSAGES_MAX = 200_000

/** Points there from now on, at no moment nowhere. */
function link(path: string, target: string): void {
  const beside = `${path}.${process.pid}`
  try {
    unlinkSync(beside)
  } catch {}
  symlinkSync(target, beside)
  renameSync(beside, path)
}
