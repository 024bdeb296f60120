import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { DureError } from '../../foundation/errors.ts'
import type { TurnGuard } from './turn.ts'

interface Patch {
  readonly owner: object
  readonly key: string
  readonly value: unknown
  readonly original: PropertyDescriptor | undefined
}

const RealDate = globalThis.Date

const instead = {
  wall: 'runtime.clock.wallMs()',
  monotonic: 'runtime.clock.monotonicMs()',
  random: 'runtime.random',
  id: 'runtime.random.id()',
  timer: 'runtime.timer(delayMs, fire)',
  soon: 'runtime.soon(run)',
  network: 'runtime.network',
  deadline: 'an AbortController and runtime.timer(delayMs, fire)',
} as const

/**
 * Closes the doors to the real world while simulated code runs: each call that would make a run differ from its
 * repetition throws, and names what to use. Between slices, when other code of the process runs, they are open.
 *
 * Node's own code may pass: a write to stdout uses `nextTick` and harms nothing.
 */
export class ForbiddenCalls implements TurnGuard {
  #patches: Patch[] | undefined
  #isClosed = false
  #violation: DureError | undefined

  /** The first call that was refused, even if the simulated code caught the error. */
  get violation(): DureError | undefined {
    return this.#violation
  }

  enter(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#patches ??= this.#collect()
    for (const { owner, key, value } of this.#patches) {
      Object.defineProperty(owner, key, { value, configurable: true, enumerable: true, writable: true })
    }
    // Named imports of Node's modules are separate bindings.
    syncBuiltinESMExports()
  }

  leave(): void {
    if (!this.#isClosed || this.#patches === undefined) return
    this.#isClosed = false
    for (const { owner, key, original } of this.#patches) {
      if (original === undefined) Reflect.deleteProperty(owner, key)
      else Object.defineProperty(owner, key, original)
    }
    syncBuiltinESMExports()
  }

  #collect(): Patch[] {
    const patches: Patch[] = []
    const put = (owner: object, key: string, value: unknown): void => {
      const original = Object.getOwnPropertyDescriptor(owner, key)
      // What cannot be replaced only passes on to what is replaced elsewhere (`getRandomValues` of `node:crypto`).
      if (original?.configurable !== false) patches.push({ owner, key, value, original })
    }
    const close = (owner: object, prefix: string, key: string, replacement: string): void => {
      const original: unknown = Reflect.get(owner, key)
      if (typeof original === 'function') {
        put(owner, key, this.#closed(prefix + key, replacement, original as (...args: never) => unknown))
      }
    }

    put(globalThis, 'Date', this.#closedDate())
    close(performance, 'performance.', 'now', instead.monotonic)
    close(Math, 'Math.', 'random', `${instead.random}.next()`)
    close(globalThis, '', 'fetch', instead.network)
    close(AbortSignal, 'AbortSignal.', 'timeout', instead.deadline)
    for (const key of ['setTimeout', 'setInterval']) {
      close(globalThis, '', key, instead.timer)
      close(timers, 'timers.', key, instead.timer)
      close(timersPromises, 'timers/promises ', key, instead.timer)
    }
    for (const owner of [globalThis, timers, timersPromises]) close(owner, '', 'setImmediate', instead.soon)
    close(process, 'process.', 'nextTick', instead.soon)
    close(process, 'process.', 'uptime', instead.monotonic)
    const hrtime = this.#closed('process.hrtime', instead.monotonic, process.hrtime)
    Reflect.set(
      hrtime,
      'bigint',
      this.#closed('process.hrtime.bigint', instead.monotonic, process.hrtime.bigint),
    )
    put(process, 'hrtime', hrtime)
    for (const owner of [globalThis.crypto, crypto]) {
      close(owner, 'crypto.', 'randomUUID', instead.id)
      close(owner, 'crypto.', 'getRandomValues', instead.random)
    }
    for (const key of ['randomBytes', 'randomInt', 'randomFill', 'randomFillSync']) {
      close(crypto, 'crypto.', key, instead.random)
    }
    return patches
  }

  #closed(
    name: string,
    replacement: string,
    original: (...args: never) => unknown,
  ): (...args: never) => unknown {
    const guard = this
    return function closed(this: unknown, ...args: never): unknown {
      if (isCalledByNode()) return Reflect.apply(original, this, args)
      return guard.#refuse(`${name}()`, replacement)
    }
  }

  #closedDate(): typeof Date {
    const guard = this
    return new Proxy(RealDate, {
      construct(target, args, newTarget) {
        if (args.length === 0 && !isCalledByNode()) {
          guard.#refuse('new Date()', `new Date(${instead.wall})`)
        }
        return Reflect.construct(target, args, newTarget)
      },
      apply(target) {
        if (isCalledByNode()) return target()
        return guard.#refuse('Date()', `new Date(${instead.wall}).toString()`)
      },
      get(target, key, receiver) {
        if (key === 'now') return guard.#closed('Date.now', instead.wall, target.now)
        return Reflect.get(target, key, receiver)
      },
    })
  }

  #refuse(name: string, replacement: string): never {
    const error = new DureError(
      'unsupported',
      `${name} was called during a simulation, where it would make a run differ from its repetition; use ${replacement} instead`,
    )
    this.#violation ??= error
    throw error
  }
}

/** Whether the function that called our caller is Node's own. */
function isCalledByNode(): boolean {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 4
  const { stack } = new Error()
  Error.stackTraceLimit = limit
  // Line 0 is the message, 1 this function, 2 the closed call, 3 who called it.
  return /\(?node:/.test(stack?.split('\n')[3] ?? '')
}
