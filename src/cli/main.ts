import { createRequire } from 'node:module'
import { DureError } from '../foundation/errors.ts'
import { exitCodes } from './exit-code.ts'
import { runCommandLine } from './program.ts'

/** npm, npx and the launcher each pass Ctrl-C on: what comes this close behind the first is the same press of the key. */
const SAME_SIGNAL_MS = 500

const interrupted = new AbortController()
const killed = new AbortController()
let interruptedAtMs = 0
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!interrupted.signal.aborted) {
      interruptedAtMs = performance.now()
      interrupted.abort(new DureError('aborted', `interrupted by ${signal}`, { outcome: 'unknown' }))
    } else if (performance.now() - interruptedAtMs > SAME_SIGNAL_MS) {
      killed.abort()
      // What listens has had its turn by then.
      setTimeout(() => process.exit(exitCodes.interrupted), 1_000).unref()
    }
  })
}

// `dure list | head`: whoever reads has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.fine)
  throw error
})

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

process.exitCode = await runCommandLine(
  process.argv.slice(2),
  {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interrupted: interrupted.signal,
    killed: killed.signal,
    // Loaded by the commands that need it: `dure status` starts in half the time.
    connect: async (options) => {
      const { connectRemote } = await import('../engines/remote/connect-remote.ts')
      return connectRemote(options)
    },
  },
  version,
)
