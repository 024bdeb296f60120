import type { Server } from 'node:net'
import { DureError } from '../../foundation/errors.ts'
import { chooseControlAddress, forgetControlAddress, recordControlAddress } from './control-address.ts'
import type { ControlRequest, ControlResponse, ProcessInfo } from './control-protocol.ts'
import { listenForControl } from './control-server.ts'
import { type NodeCommand, NodeProcess } from './node-process.ts'

export interface SupervisorOptions {
  /** Locked by the caller, and in existence. */
  readonly directory: string
  readonly nodes: readonly number[]
  readonly command: (node: number) => NodeCommand
  readonly logPath: (node: number) => string
  readonly onEvent: (event: SupervisorEvent) => void
  /** Before a node that came is started, and after one that went has ended. */
  readonly onMembers?: (nodes: readonly number[]) => void
}

export type SupervisorEvent =
  | { readonly event: 'ready' | 'killed' | 'paused' | 'resumed' | 'removed'; readonly node: number }
  /** By itself, or by somebody else's hand. */
  | { readonly event: 'died'; readonly node: number; readonly ending: string }

/** How long a node may take to hand over and close its files. */
const STOP_TIMEOUT_MS = 10_000

/** The processes of a local cluster. Restarts nothing by itself: a node that died is for a person to look at. */
export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #processes: Map<number, NodeProcess>
  #control: Server | undefined
  #isStopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#processes = new Map(options.nodes.map((node) => [node, this.#process(node)]))
  }

  #process(node: number): NodeProcess {
    const options = this.#options
    return new NodeProcess({
      node,
      command: () => options.command(node),
      logPath: options.logPath(node),
      onDeath: (ending) => {
        if (!this.#isStopping) options.onEvent({ event: 'died', node, ending })
      },
    })
  }

  get nodes(): ProcessInfo[] {
    return [...this.#processes.values()].map(({ info }) => info)
  }

  /** Starts all nodes and listens to the command line. When one cannot start, none is left running. */
  async start(): Promise<void> {
    const { directory } = this.#options
    const address = chooseControlAddress(directory)
    this.#control = await listenForControl(address, (request) => this.#handle(request))
    recordControlAddress(directory, address)
    const results = await Promise.allSettled([...this.#processes.values()].map((node) => this.#start(node)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return
    await this.kill()
    throw failed.reason
  }

  /** Ends all nodes in good order. */
  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#processes.values()].map((node) => node.stop(STOP_TIMEOUT_MS)))
    this.#closeControl()
  }

  /** Ends all nodes at once. */
  async kill(): Promise<void> {
    this.#isStopping = true
    const alive = [...this.#processes.values()].filter(({ info }) => info.state !== 'dead')
    await Promise.all(alive.map((node) => node.kill()))
    this.#closeControl()
  }

  async #start(node: NodeProcess): Promise<void> {
    await node.start()
    this.#options.onEvent({ event: 'ready', node: node.node })
  }

  async #handle(request: ControlRequest): Promise<ControlResponse> {
    if (request.command === 'nodes') return { ok: true, nodes: this.nodes }
    if (request.command === 'add') return { ok: true, nodes: [await this.#add(request.node)] }
    const node = this.#processes.get(request.node)
    // Asked for again, it is as it should be.
    if (node === undefined && request.command === 'remove') return { ok: true, nodes: [] }
    if (node === undefined) {
      const known = [...this.#processes.keys()].join(', ')
      throw new DureError('invalid', `there is no node ${request.node}: this cluster has ${known}`)
    }
    if (this.#isStopping) throw new DureError('unavailable', 'the cluster is stopping')
    switch (request.command) {
      case 'kill':
        await node.kill()
        this.#options.onEvent({ event: 'killed', node: node.node })
        break
      case 'start':
        await this.#start(node)
        break
      case 'pause':
        node.pause()
        this.#options.onEvent({ event: 'paused', node: node.node })
        break
      case 'resume':
        node.resume()
        this.#options.onEvent({ event: 'resumed', node: node.node })
        break
      case 'restart':
        await node.stop(STOP_TIMEOUT_MS)
        await this.#start(node)
        break
      case 'remove':
        await node.stop(STOP_TIMEOUT_MS)
        this.#processes.delete(node.node)
        this.#options.onMembers?.([...this.#processes.keys()])
        this.#options.onEvent({ event: 'removed', node: node.node })
        break
    }
    return { ok: true, nodes: [node.info] }
  }

  async #add(number: number): Promise<ProcessInfo> {
    if (this.#isStopping) throw new DureError('unavailable', 'the cluster is stopping')
    let node = this.#processes.get(number)
    if (node === undefined) {
      node = this.#process(number)
      this.#processes.set(number, node)
      this.#options.onMembers?.([...this.#processes.keys()].toSorted((a, b) => a - b))
    }
    if (node.info.state === 'dead') await this.#start(node)
    return node.info
  }

  #closeControl(): void {
    this.#control?.close()
    forgetControlAddress(this.#options.directory)
  }
}
