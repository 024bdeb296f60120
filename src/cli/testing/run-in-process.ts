import { PassThrough, Readable } from 'node:stream'
import { DureError } from '../../foundation/errors.ts'
import { runCommandLine } from '../program.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command line of a command that asks no cluster, in this process: as fast as the command itself. */
export async function runInProcess(
  args: readonly string[],
  {
    stdin = '',
    env = {},
    interrupted = new AbortController().signal,
  }: {
    readonly stdin?: string
    readonly env?: NodeJS.ProcessEnv
    readonly interrupted?: AbortSignal
  } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const texts = [stdout, stderr].map(async (stream) => (await stream.toArray()).join(''))
  const code = await runCommandLine(
    args,
    {
      stdin: Readable.from([Buffer.from(stdin)]),
      stdout,
      stderr,
      env,
      interrupted,
      killed: new AbortController().signal,
      connect: async () => {
        throw new DureError('unavailable', 'there is no cluster here')
      },
    },
    '0.0.0',
  )
  stdout.end()
  stderr.end()
  const [out, messages] = await Promise.all(texts)
  return { code, stdout: out!, stderr: messages! }
}
