import type { CheckedHistory } from './checked-history.ts'

/**
 * A verdict as `--json` prints it: names in the style of HTTP's answers, and everything that the checker found.
 *
 * ```
 * {"verdict":"invalid","model":"bank","summary":"…","anomalies":[{"name":"wrong-total","events":[7], …}],"spent":{…}}
 * ```
 */
export function verdictJson({ result, ...checked }: CheckedHistory): unknown {
  const { verdict, summary, anomalies, spent, ...found } = result
  return plain({
    verdict,
    summary,
    ...checked,
    tookMs: Math.round(checked.tookMs),
    anomalies,
    spent,
    ...found,
  })
}

/** JSON has neither maps nor sets nor large integers: objects, lists and texts stand for them. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Set || ArrayBuffer.isView(value)) return Array.from(value as Set<unknown>, plain)
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, part]) => [String(key), plain(part)]))
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snakeCase(name), plain(part)]))
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
