import { doors, enginesOnRuntime, pureModules } from '../house.ts'
import { isTest, type Mention, type SourceFile } from '../source-file.ts'

/** Everything between the doors lives on a `Runtime`, so that a seed decides all of it. */
export function checkForbiddenCalls(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !isTest(path) && !isDoor(path))
    .flatMap(violations)
}

function violations({ path, imports, globals, members }: SourceFile): string[] {
  const found: string[] = []
  const report = (line: number, what: string, instead: string) =>
    found.push(`${path}:${line} uses ${what}; ${instead}`)

  for (const { from, line, typeOnly } of imports) {
    const module = from.startsWith('node:') ? from : builtins.has(from) ? `node:${from}` : undefined
    if (module === undefined || typeOnly || pureModules.includes(module)) continue
    report(line, from, moduleReplacements[module] ?? `${anyModule}: ${doors.join(', ')}`)
  }
  for (const mention of globals) {
    const instead = globalReplacement(mention)
    if (instead)
      report(mention.line, mention.member ? `${mention.name}.${mention.member}` : mention.name, instead)
  }
  for (const { name, line } of members) {
    const instead = Object.hasOwn(memberReplacements, name) ? memberReplacements[name] : undefined
    if (instead) report(line, name, instead)
  }
  return found
}

function isDoor(path: string): boolean {
  if (doors.some((door) => path.startsWith(`${door}/`))) return true
  return path.startsWith('src/engines/') && !enginesOnRuntime.some((engine) => path.startsWith(`${engine}/`))
}

function globalReplacement({ name, member }: Mention): string | undefined {
  if (Object.hasOwn(globalReplacements, name)) return globalReplacements[name]
  const qualified = `${name}.${member}`
  return Object.hasOwn(qualifiedReplacements, qualified) ? qualifiedReplacements[qualified] : undefined
}

const clock = 'take the time from runtime.clock'
const timer = 'use runtime.timer(delayMs, fire)'
const soon = 'use runtime.soon(run)'
const random = 'draw from runtime.random'
const network = 'send through runtime.network'
const disk = 'go through runtime.disk'
const thread = 'drive worker threads from cli/ or bench/'
const order = 'compare with < and >, or compareBytes: the order of a locale depends on the process'
const anyModule = 'a module of Node that is not pure belongs behind one of'

const globalReplacements: Readonly<Record<string, string>> = {
  Date: clock,
  performance: clock,
  process: 'pass in what you need from outside; end a node with runtime.abort(reason)',
  setTimeout: timer,
  setInterval: timer,
  clearTimeout: 'use the cancel() of runtime.timer',
  clearInterval: 'use the cancel() of runtime.timer',
  setImmediate: soon,
  clearImmediate: soon,
  crypto: random,
  fetch: network,
  WebSocket: network,
  EventSource: network,
  XMLHttpRequest: network,
  Worker: thread,
  Intl: order,
  console: 'return it, or take a log from outside: data on stdout belongs to cli/',
}

const qualifiedReplacements: Readonly<Record<string, string>> = {
  'Math.random': random,
  'AbortSignal.timeout': 'take timeoutMs and use runtime.timer',
  'Atomics.wait': timer,
}

const memberReplacements: Readonly<Record<string, string>> = {
  localeCompare: order,
  toLocaleString: order,
  toLocaleLowerCase: order,
  toLocaleUpperCase: order,
}

const moduleReplacements: Readonly<Record<string, string>> = {
  'node:child_process': 'start processes from cli/',
  'node:crypto': `${random}; checksums come from foundation/checksum`,
  'node:dgram': network,
  'node:fs': disk,
  'node:fs/promises': disk,
  'node:http': network,
  'node:http2': network,
  'node:https': network,
  'node:net': network,
  'node:perf_hooks': clock,
  'node:timers': timer,
  'node:timers/promises': timer,
  'node:tls': network,
  'node:worker_threads': thread,
}

/** Modules of Node that may also be written without `node:`. */
const builtins = new Set(
  [
    ...Object.keys(moduleReplacements),
    ...pureModules,
    'node:os',
    'node:path',
    'node:process',
    'node:events',
  ].map((name) => name.slice('node:'.length)),
)
