import { concatBytes, prefixEnd, utf8 } from '../../foundation/bytes.ts'
import { refuseArgument } from '../../ports/key-value/limits.ts'
import { toTheEnd } from './wire/key-value-messages.ts'

/** A range as etcd wants it: `end` is never left out. */
export interface EtcdRange {
  readonly from: Uint8Array
  readonly end: Uint8Array
}

/**
 * Where things stand in etcd. A user's key stands behind the prefix as it is, so that etcd's own tools see it. What the
 * engine keeps for itself stands behind the prefix too, so that a role which may use the prefix may use all of it:
 *
 * - `\0dure/history`: names this history of the data, written once;
 * - `\0dure/slot/<session>/<n>`: the number of the last write that was made through this slot;
 * - `\0dure/once/<idempotency key>`: what became of that request;
 * - `\0dure/lease/<id>`: its create revision is the lease's fencing token.
 */
export class Keys {
  readonly #prefix: Uint8Array
  readonly #end: Uint8Array
  readonly #reserved: Uint8Array
  readonly #reservedEnd: Uint8Array
  readonly history: Uint8Array

  constructor(keyPrefix: string) {
    this.#prefix = utf8(keyPrefix)
    this.#end = prefixEnd(this.#prefix) ?? toTheEnd
    this.#reserved = utf8(`${keyPrefix}\0dure/`)
    this.#reservedEnd = prefixEnd(this.#reserved)!
    this.history = this.#own('history')
  }

  slot(session: string, number: number): Uint8Array {
    return this.#own(`slot/${session}/${number}`)
  }

  once(idempotencyKey: string): Uint8Array {
    return this.#own(`once/${idempotencyKey}`)
  }

  lease(id: string): Uint8Array {
    return this.#own(`lease/${id}`)
  }

  /** A user's key, where it stands in etcd. */
  outer(key: Uint8Array): Uint8Array {
    if (key[0] === 0 && this.isReserved(this.#prefixed(key))) {
      refuseArgument(
        'the key begins with "\\0dure/"',
        'the etcd engine keeps its own keys there: use another name',
      )
    }
    return this.#prefixed(key)
  }

  /** The user's key, as bytes of its own. */
  inner(key: Uint8Array): Uint8Array {
    return new Uint8Array(key.subarray(this.#prefix.length))
  }

  isReserved(outer: Uint8Array): boolean {
    const reserved = this.#reserved
    if (outer.length < reserved.length) return false
    for (let i = reserved.length - 1; i >= 0; i--) if (outer[i] !== reserved[i]) return false
    return true
  }

  /** A user's range in etcd; the reserved keys may lie in it. Undefined when it is empty. */
  outerRange(from: Uint8Array, to: Uint8Array | undefined): EtcdRange | undefined {
    if (to === undefined) return { from: this.#lower(from), end: this.#end }
    const range = { from: this.#lower(from), end: this.#prefixed(to) }
    // As an end, a single zero byte means "to the end" to etcd. Before such a key there is none.
    return isToTheEnd(range.end) || isEmpty(range) ? undefined : range
  }

  /** The same without the reserved keys: what lies before and what lies after them. */
  withoutReserved(range: EtcdRange): EtcdRange[] {
    const before = { from: range.from, end: smaller(range.end, this.#reserved) }
    const after = { from: larger(range.from, this.#reservedEnd), end: range.end }
    return [before, after].filter((part) => !isEmpty(part))
  }

  #own(name: string): Uint8Array {
    return concatBytes([this.#reserved, utf8(name)])
  }

  #prefixed(key: Uint8Array): Uint8Array {
    return this.#prefix.length === 0 ? key : concatBytes([this.#prefix, key])
  }

  /** etcd has no empty key, and takes an empty bound for a mistake. */
  #lower(from: Uint8Array): Uint8Array {
    const outer = this.#prefixed(from)
    return outer.length === 0 ? Uint8Array.of(0) : outer
  }
}

const isToTheEnd = (end: Uint8Array): boolean => end.length === 1 && end[0] === 0

const isEmpty = ({ from, end }: EtcdRange): boolean => !isToTheEnd(end) && Buffer.compare(from, end) >= 0

const smaller = (end: Uint8Array, other: Uint8Array): Uint8Array =>
  isToTheEnd(end) || Buffer.compare(end, other) > 0 ? other : end

const larger = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  Buffer.compare(left, right) > 0 ? left : right
