import { Draw } from '../load/keys.ts'

/** Clients that share a key, each with one call under way. */
const PROCESSES = 8
const VALUES = 5

/**
 * Texts under many keys, in Porcupine's key-value form: put, append and get, each at one moment between its call and its
 * return. Eight clients share a key, and one call in four hundred never returns, which is what makes a history hard.
 */
export function* keyValueLines(keys: number, operationsPerKey: number, seed: number): Generator<string> {
  const draw = new Draw(seed)
  const texts = Array.from({ length: keys }, () => '')
  const left = Array.from({ length: keys }, () => operationsPerKey)
  interface Call {
    readonly f: 'get' | 'put' | 'append'
    readonly value: string
    answer: string | undefined
  }
  const open: (Call | undefined)[] = Array.from({ length: keys * PROCESSES })
  const processes = open.map((_, slot) => slot)
  let busy = keys * operationsPerKey
  while (busy > 0) {
    const slot = draw.below(open.length)
    const key = Math.floor(slot / PROCESSES)
    const call = open[slot]
    const process = processes[slot]!
    if (call === undefined) {
      if (left[key] === 0) continue
      left[key]!--
      const f = (['get', 'put', 'append'] as const)[draw.below(3)]!
      const value = f === 'get' ? '' : String(draw.below(VALUES))
      open[slot] = { f, value, answer: undefined }
      yield line(process, 'invoke', f, key, f === 'get' ? 'nil' : `"${value}"`)
    } else if (call.answer === undefined) {
      call.answer = texts[key]!
      if (call.f === 'put') texts[key] = call.value
      // Short again before it grows without bound.
      if (call.f === 'append') texts[key] = texts[key]! + call.value
    } else {
      open[slot] = undefined
      busy--
      if (draw.below(400) === 0) processes[slot] = process + open.length
      else yield line(process, 'ok', call.f, key, `"${call.f === 'get' ? call.answer : call.value}"`)
    }
  }
}

const line = (process: number, type: string, f: string, key: number, value: string): string =>
  `{:process ${process}, :type :${type}, :f :${f}, :key "${key}", :value ${value}}\n`
