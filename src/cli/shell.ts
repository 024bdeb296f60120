import type { Readable, Writable } from 'node:stream'
import type { KeyValueStore } from '../ports/key-value/key-value-store.ts'
import type { Style } from './output/style.ts'

type Terminal = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** What a command has of the world: streams, the environment, signals, and a way to a cluster. Tests bring their own. */
export interface Shell {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Data, and nothing else. */
  readonly stdout: Terminal
  /** Messages and progress. */
  readonly stderr: Terminal
  readonly env: NodeJS.ProcessEnv
  /** Fires at the first Ctrl-C (or SIGTERM, SIGHUP). */
  readonly interrupted: AbortSignal
  /** Fires at the second: leave at once. */
  readonly killed: AbortSignal
  connect(options: ConnectOptions): Promise<KeyValueStore>
}

export interface ConnectOptions {
  readonly addresses: readonly string[]
  /** Only the first address is asked, and nobody else. */
  readonly pinned: boolean
}

/** How text is coloured on each stream. */
export interface Styles {
  readonly stdout: Style
  readonly stderr: Style
}
