import { spawn } from 'node:child_process'
import { text as readText } from 'node:stream/consumers'

export interface Refusal {
  readonly exitCode: number | null
  readonly code: string
  readonly message: string
}

/** Starts a node that must not start; its own words of why. */
export async function refusedStart(args: readonly string[]): Promise<Refusal> {
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 30_000,
    killSignal: 'SIGKILL',
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const output = await readText(child.stdout)
  const exitCode = await exited
  const last = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '{}') as { event: string } & Refusal
  if (last.event !== 'failed') throw new Error(`the node said ${JSON.stringify(last)}, expected a refusal`)
  return { exitCode, code: last.code, message: last.message }
}
