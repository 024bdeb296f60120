import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import { limits } from '../../ports/key-value/limits.ts'
import { prefixRange } from '../../ports/key-value/prefix-range.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { countVerdicts, renderResults } from '../conformance/render-results.ts'
import {
  type ConformanceOptions,
  engineNames,
  openTestedEngine,
  PASSWORD_VARIABLE,
} from '../conformance/tested-engine.ts'
import { exitCodes } from '../exit-code.ts'
import { Progress } from '../output/progress.ts'
import { withExamples } from './examples.ts'

export function addConformanceCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('conformance'), [
    ['dure conformance', 'on the local cluster, or the one of --connect'],
    ['dure conformance --engine embedded', 'in this process, in a directory of its own'],
    ['dure conformance --engine etcd --endpoints 127.0.0.1:2379', 'on your own etcd'],
  ])
    .description("the port's cases against an engine: what passes; exit code 1 when one fails")
    .addOption(new Option('--engine <name>', 'which engine is tested').choices(engineNames).default('remote'))
    .option('--endpoints <host:port,...>', 'of etcd; with https:// before them for TLS', (text) =>
      text.split(',').map((endpoint) => endpoint.trim()),
    )
    .option('--username <name>', `of etcd; its password is read from ${PASSWORD_VARIABLE}`)
    .option('--ca <file>', "who signed etcd's certificates, PEM")
    .option('--cert <file>', 'a certificate for etcd, PEM')
    .option('--key <file>', 'its key, PEM')
    .option('--only <text>', 'the cases with this text in their name or guarantee')
    .action((_own, command) => conformance(context, command.optsWithGlobals()))
}

async function conformance(
  context: CommandContext,
  options: ConformanceOptions & { readonly only?: string },
): Promise<void> {
  const { shell, styles } = context
  // Loaded by this command alone.
  const { cases } = await import('../../ports/key-value/conformance/cases.ts')
  const { runCases } = await import('../../ports/key-value/conformance/run-cases.ts')
  const { checkObservedHistory } = await import('../../proof/conformance/check-observed-history.ts')
  const only = options.only?.toLowerCase() ?? ''
  const chosen = cases.filter(({ name, guarantee }) => `${name}\n${guarantee}`.toLowerCase().includes(only))
  if (chosen.length === 0)
    throw new DureError('invalid', `no case has ${JSON.stringify(options.only)} in its name`)

  const engine = await openTestedEngine(context, options)
  const progress = new Progress(shell.stderr)
  try {
    // In a keyspace of their own, where nothing of the user's is.
    const prefix = `conformance\0${randomUUID()}/`
    const { guarantees } = await reachable(engine.open, options.timeoutMs)
    say(context, styles.stderr('quiet', `${chosen.length} cases on ${guarantees.engine}: ${engine.where}`))
    let done = 0
    const running = runCases(
      chosen,
      {
        open: engine.open,
        prefix,
        clock: {
          nowMs: () => performance.now(),
          sleep: (ms) => pause(ms, undefined, { signal: shell.interrupted }),
        },
        abandon: engine.abandon,
        checkHistory: checkObservedHistory,
      },
      {
        onResult: () => {
          done++
          progress.update(() => `${done} of ${chosen.length} cases`)
        },
      },
    )
    const results = await Promise.race([running, interruption(shell.interrupted)])
    progress.abandon()
    await removeKeys(engine.open, prefix)
    const counts = countVerdicts(results)
    if (counts.failed > 0) context.exitCode = exitCodes.no
    if (options.json) return writeJson(context, { guarantees, counts, cases: results })
    await writeData(context, renderResults(results, styles.stdout))
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
    const [tone, verdict] = counts.failed > 0 ? (['bad', 'failed'] as const) : (['good', 'passed'] as const)
    const failed = counts.failed > 0 ? `, ${counts.failed} failed` : ''
    say(
      context,
      `${styles.stderr(tone, verdict)}  ${counts.ok} of ${results.length} cases hold${failed}${skipped}`,
    )
  } finally {
    progress.abandon()
    await engine.close()
  }
}

/** Asks once, so that an engine that is not there is one error and not a hundred. */
async function reachable(open: () => Promise<KeyValueStore>, timeoutMs: number): Promise<KeyValueStore> {
  await using store = await open()
  await store.get(utf8('conformance'), { timeoutMs })
  return store
}

async function removeKeys(open: () => Promise<KeyValueStore>, prefix: string): Promise<void> {
  await using store = await open()
  let keys: Uint8Array[] = []
  const remove = async (): Promise<void> => {
    await store.commit({ operations: keys.map((key) => ({ kind: 'delete', key })) })
    keys = []
  }
  for await (const { key } of store.range(prefixRange(utf8(prefix)))) {
    if (keys.push(key) === limits.commitOperationsMax) await remove()
  }
  if (keys.length > 0) await remove()
}

function interruption(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = (): void =>
      reject(new DureError('aborted', 'interrupted: some keys of the cases may be left'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
