import { type ChildProcess, spawn } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  createWriteStream,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { endingWithParent } from '../../fixture/ending-with-parent.ts'
import { DureError } from '../../foundation/errors.ts'
import type { LaunchedNode, NodeEvents, NodeLauncher } from '../../proof/maelstrom/run/node-launcher.ts'

export interface ChildLauncherOptions {
  /** The program, and what it is given. */
  readonly bin: string
  readonly args: readonly string[]
  /** For the standard error of each node: `n1.log` … */
  readonly logDirectory: string
  /** Where a node may keep what must outlive a kill: a directory of its own, told by `DURE_NODE_DIRECTORY`. */
  readonly dataDirectory: string
  /** Shown as it comes as well, with the node's name. */
  readonly stderr?: Writable | undefined
}

/** A program that has not ended by itself this long after its input did is ended. */
const STOP_MS_MAX = 500
const TAIL_LINES = 8
/** A line without end is no message. */
const LINE_CHARACTERS_MAX = 64 << 20

/**
 * Nodes as child processes, each in a process group of its own: signals reach what a wrapper script started as well, and
 * Ctrl-C in the terminal reaches none of them. Whatever still runs when this process ends is ended with it, by the kernel
 * where this process is killed.
 */
export class ChildLauncher implements NodeLauncher {
  readonly #options: ChildLauncherOptions
  readonly #running = new Set<ChildProcess>()
  readonly #endAll = (): void => {
    for (const child of this.#running) signalGroup(child, 'SIGKILL')
  }

  constructor(options: ChildLauncherOptions) {
    this.#options = options
    process.on('exit', this.#endAll)
  }

  start(node: string, hears: NodeEvents): LaunchedNode {
    const { bin, args, logDirectory, dataDirectory, stderr } = this.#options
    const logPath = join(logDirectory, `${node}.log`)
    const directory = resolve(dataDirectory, node)
    mkdirSync(dirname(logPath), { recursive: true })
    mkdirSync(directory, { recursive: true })
    const log = openSync(logPath, 'a')
    const [file, words] = endingWithParent(bin, args)
    const child = spawn(file, words, {
      stdio: ['pipe', 'pipe', stderr === undefined ? log : 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
      env: { ...process.env, DURE_NODE_DIRECTORY: directory },
    })
    closeSync(log)
    this.#running.add(child)
    if (stderr !== undefined) this.#show(node, child, logPath, stderr)
    // A write to a node that died is answered by its end.
    child.stdin!.on('error', () => {})
    const lines = new Lines(hears)
    child.stdout!.on('data', (bytes: Buffer) => lines.take(bytes))
    const ended = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        this.#running.delete(child)
        hears.ended(`because it could not be started (${error.message})`, '')
        resolve()
      })
      child.once('close', (code, signal) => {
        this.#running.delete(child)
        lines.end()
        hears.ended(signal === null ? `with exit code ${code}` : `by ${signal}`, tailOf(logPath))
        resolve()
      })
    })
    return new ChildNode(child, ended)
  }

  /** Nothing of it is left. */
  close(): void {
    this.#endAll()
    process.off('exit', this.#endAll)
  }

  #show(node: string, child: ChildProcess, logPath: string, stderr: Writable): void {
    const file = createWriteStream(logPath, { flags: 'a' })
    const shown = new Lines({ line: (line) => stderr.write(`${node}  ${line}\n`) })
    child.stderr!.on('data', (bytes: Buffer) => {
      file.write(bytes)
      shown.take(bytes)
    })
    child.stderr!.once('close', () => {
      shown.end()
      file.end()
    })
  }
}

/** Its path. Throws an `invalid` error that says what to do when the program cannot be run. */
export function requireProgram(bin: string, searchPath = process.env.PATH ?? ''): string {
  // Windows looks for a command by rules of its own.
  if (!bin.includes('/')) return process.platform === 'win32' ? bin : requireCommand(bin, searchPath)
  const path = resolve(bin)
  if (!exists(path)) {
    const advice = 'give the path of the program'
    throw new DureError('invalid', `asked to run ${bin}, and there is no such file: ${advice}`)
  }
  if (statSync(path).isDirectory())
    throw new DureError('invalid', `asked to run ${bin}, which is a directory: name the program in it`)
  if (!isProgram(path)) {
    const advice = `chmod +x ${bin}, and let its first line say what runs it, such as #!/usr/bin/env python3`
    throw new DureError('invalid', `asked to run ${bin}, which is no program: ${advice}`)
  }
  return path
}

/** Without a slash it is looked for where commands are. */
function requireCommand(bin: string, searchPath: string): string {
  const found = searchPath
    .split(delimiter)
    .map((directory) => join(directory, bin))
    .find(isProgram)
  if (found !== undefined) return found
  const advice = exists(bin) ? `for the one that is here give ./${bin}` : 'give the path of the program'
  throw new DureError('invalid', `asked to run ${bin}, and no command is called that: ${advice}`)
}

const exists = (path: string): boolean => isAccessible(path, constants.F_OK)

const isProgram = (path: string): boolean =>
  isAccessible(path, constants.X_OK) && !statSync(path).isDirectory()

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

class ChildNode implements LaunchedNode {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>

  constructor(child: ChildProcess, ended: Promise<void>) {
    this.#child = child
    this.#ended = ended
  }

  write(line: string): void {
    if (this.#child.stdin!.writable) this.#child.stdin!.write(`${line}\n`)
  }

  kill(): Promise<void> {
    signalGroup(this.#child, 'SIGKILL')
    return this.#ended
  }

  async stop(): Promise<void> {
    this.resume()
    this.#child.stdin!.end()
    const timer = setTimeout(() => signalGroup(this.#child, 'SIGKILL'), STOP_MS_MAX)
    await this.#ended
    clearTimeout(timer)
    // What it started and left behind.
    signalGroup(this.#child, 'SIGKILL')
  }

  pause(): void {
    signalGroup(this.#child, 'SIGSTOP')
  }

  resume(): void {
    signalGroup(this.#child, 'SIGCONT')
  }
}

/** To the group that the child leads; to nobody when it is gone. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Bytes as lines. */
class Lines {
  readonly #hears: Pick<NodeEvents, 'line'>
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  constructor(hears: Pick<NodeEvents, 'line'>) {
    this.#hears = hears
  }

  take(bytes: Buffer): void {
    const text = this.#decoder.write(bytes)
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#tell(this.#rest + text.slice(from, end))
      this.#rest = ''
      from = end + 1
    }
    this.#rest += text.slice(from)
    if (this.#rest.length > LINE_CHARACTERS_MAX) this.end()
  }

  end(): void {
    const rest = this.#rest
    this.#rest = ''
    this.#tell(rest)
  }

  #tell(line: string): void {
    if (line.trim() !== '') this.#hears.line(line)
  }
}

/** The last words of a program say best why it ended. */
function tailOf(logPath: string): string {
  const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES)
  if (lines.join('') === '') return '  it wrote nothing to stderr'
  return `  the last it wrote to stderr, in ${logPath}:\n${lines.map((line) => `  | ${line}`).join('\n')}`
}
