import { DureError } from '../foundation/errors.ts'
import { createLog } from './log/log.ts'
import { parseNodeArguments, usage } from './process/node-arguments.ts'
import { type RunningNode, runNode } from './process/run-node.ts'

/** A node that does not end in this time is ended. */
const STOP_TIMEOUT_MS = 8_000

const args = process.argv.slice(2)
if (args.includes('--help')) {
  process.stdout.write(usage)
  process.exit(0)
}

// Whoever started this may be gone: then nobody reads, and that is no reason to die before the files are closed.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

await main()

async function main(): Promise<void> {
  let log = createLog()
  try {
    const given = parseNodeArguments(args)
    const { nodeId, logLevel, endWithStdin, http, members } = given
    log = createLog({ level: logLevel, fields: { node: nodeId } })
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      process.on(event, (error) => {
        log.error('bug', { error })
        process.exit(70)
      })
    }
    log.info('starting', { directory: given.directory, cluster: given.clusterId, pid: process.pid })
    const node = await runNode(given, log)
    const stop = stopOn(node, log, endWithStdin)
    const ready = { node_id: nodeId, http: `${http.host}:${http.port}`, peers: members.get(nodeId) }
    log.info('ready', ready)
    announce({ event: 'ready', ...ready })
    node.onRemoved((message) => {
      log.warn('removed', { message })
      announce({ event: 'removed', message })
      stop('the cluster has removed this node')
    })
  } catch (error) {
    const code = error instanceof DureError ? error.code : 'internal'
    log.error('failed', { error })
    announce({ event: 'failed', code, message: (error as Error).message })
    // At once: whatever had been opened by then must not keep a process that serves nobody.
    process.exit(code === 'invalid' ? 64 : code === 'internal' ? 70 : 3)
  }
}

/** One line on stdout: what a supervisor waits for. */
function announce(event: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}

/** Answers with a way to stop for another reason. */
function stopOn(
  node: RunningNode,
  log: ReturnType<typeof createLog>,
  endWithStdin: boolean,
): (reason: string) => void {
  let isStopping = false
  const stop = (reason: string) => {
    if (isStopping) return
    isStopping = true
    log.info('stopping', { reason })
    const timer = setTimeout(() => {
      log.error('stop-took-too-long', { timeout_ms: STOP_TIMEOUT_MS })
      process.exit(70)
    }, STOP_TIMEOUT_MS)
    void node.stop().then(() => {
      clearTimeout(timer)
      log.info('stopped')
      process.exit(0)
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(130)
      stop(signal)
    })
  }
  if (endWithStdin) process.stdin.on('close', () => stop('the supervisor is gone')).resume()
  return stop
}
