/**
 * Starts nodes: as child processes, or as functions in this thread.
 *
 * A node is known by its name, such as `n1`. It takes lines and writes lines; what is in them is not the launcher's business.
 */
export interface NodeLauncher {
  start(node: string, hears: NodeEvents): LaunchedNode
}

export interface NodeEvents {
  /** It wrote a line to its standard output, without its end. */
  line(text: string): void
  /** It ended, whoever ended it: `with exit code 1`, `by SIGKILL`; and what it last wrote to stderr, in lines. */
  ended(how: string, lastWords: string): void
}

export interface LaunchedNode {
  write(line: string): void
  /** Ends it at once; settles when it has ended. */
  kill(): Promise<void>
  /** Lets it end by itself for a moment, paused or not, and then ends it. */
  stop(): Promise<void>
  pause(): void
  resume(): void
}
