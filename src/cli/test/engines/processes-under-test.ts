import { connectMembers } from '../../../engines/remote/connect-members.ts'
import type { ProcessCluster } from '../../../fixture/process-cluster.ts'
import { waitFor } from '../../../fixture/wait-for.ts'
import { DureError } from '../../../foundation/errors.ts'
import {
  type ClusterUnderTest,
  type Cut,
  faultKinds,
  type LinkDisturbance,
} from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type { Random } from '../../../runtime/random.ts'

/** Nobody leads for a while, often: then nobody is the answer. */
const LEADER_TIMEOUT_MS = 500
/** A change of members is tried for so long, through other faults. */
const REMOVE_TIMEOUT_MS = 10_000
const ADD_TIMEOUT_MS = 60_000
const ATTEMPT_TIMEOUT_MS = 5_000
/** A node that is removed hears of it and ends by itself; one that is cut off does not. */
const END_BY_ITSELF_MS = 2_000

/**
 * Real processes of ours as a cluster that faults can be done to: signals, `/v1/faults` between the nodes, and changes of
 * members while it runs.
 *
 * A node that is gone by the time something is done to it, because it was removed or ended by itself, is let be.
 */
export class ProcessesUnderTest implements ClusterUnderTest {
  /** Windows cannot pause a process. */
  readonly abilities = new Set(faultKinds.filter((kind) => kind !== 'pause' || process.platform !== 'win32'))
  readonly #processes: ProcessCluster
  readonly #random: Random
  readonly #count: number
  #joining: number | undefined

  constructor(processes: ProcessCluster, random: Random) {
    this.#processes = processes
    this.#random = random
    this.#count = processes.nodes.length
  }

  /** A node that joins is one of them once it votes: until then nothing is done to it. */
  get nodes(): readonly string[] {
    return this.#processes.nodes.filter((node) => node !== this.#joining).map(String)
  }

  async leader(): Promise<string | undefined> {
    try {
      return String(await this.#processes.leader(this.#processes.nodes, LEADER_TIMEOUT_MS))
    } catch {
      return undefined
    }
  }

  async kill(name: string): Promise<void> {
    if (this.#stateOf(name) !== 'gone' && this.#stateOf(name) !== 'dead')
      await this.#processes.kill(Number(name))
  }

  async start(name: string): Promise<void> {
    if (this.#stateOf(name) === 'dead') await this.#processes.start(Number(name))
  }

  async pause(name: string): Promise<void> {
    if (this.#stateOf(name) === 'running') this.#processes.pause(Number(name))
  }

  async resume(name: string): Promise<void> {
    if (this.#stateOf(name) === 'paused') await this.#processes.resume(Number(name))
  }

  async cut(cuts: readonly Cut[]): Promise<void> {
    await this.#processes.cut(cuts.map(({ from, to }) => ({ from: Number(from), to: Number(to) })))
  }

  async disturb(disturbance: LinkDisturbance = {}): Promise<void> {
    const { nodes, lossProbability, duplicateProbability, reorderProbability, delayMs } = disturbance
    const peerFaults = {
      ...(lossProbability !== undefined && { loss_probability: lossProbability }),
      ...(duplicateProbability !== undefined && { duplicate_probability: duplicateProbability }),
      ...(reorderProbability !== undefined && { reorder_probability: reorderProbability }),
      ...(delayMs !== undefined && { delay_ms: delayMs }),
    }
    await this.#processes.disturb(peerFaults, nodes?.map(Number))
  }

  /** One that runs, the leader too. */
  async removeMember(): Promise<string> {
    const running = this.#processes.nodes.filter((node) => this.#processes.isRunning(node))
    if (running.length === 0) throw new DureError('unavailable', 'no node runs that could be removed')
    const node = running[this.#random.integer(0, running.length - 1)]!
    await this.#withMembers((members) => members.remove(node, { timeoutMs: REMOVE_TIMEOUT_MS }))
    await this.#processes.dismiss(node, END_BY_ITSELF_MS)
    return String(node)
  }

  /** Until there are as many as in the beginning. A removal of unknown outcome may have happened: the cluster knows. */
  async addMember(): Promise<string> {
    const members = await this.#membersNow()
    for (const node of this.#processes.nodes) {
      if (!members.includes(node)) await this.#processes.dismiss(node, END_BY_ITSELF_MS)
    }
    if (this.#processes.nodes.length >= this.#count) return 'nobody'
    const { node, peerAddress, httpAddress } = await this.#processes.prepareNode()
    this.#joining = node
    await this.#untilDone(`node ${node} to be added`, () =>
      this.#withMembers((client) =>
        client.add({ node, peerAddress, httpAddress }, { timeoutMs: ATTEMPT_TIMEOUT_MS }),
      ),
    )
    await this.#processes.start(node)
    await this.#untilDone(`node ${node} to be a voter`, () =>
      this.#withMembers((client) => client.promote(node, { timeoutMs: ATTEMPT_TIMEOUT_MS })),
    )
    this.#joining = undefined
    return String(node)
  }

  async #membersNow(): Promise<readonly number[]> {
    return waitFor('a leader that knows the members', ADD_TIMEOUT_MS, async () => {
      const leader = await this.leader()
      if (leader === undefined) return undefined
      const { members } = await this.#processes.status(Number(leader))
      return members.map(({ node_id }) => node_id)
    })
  }

  /** Repeated without harm: what is so already stays so. */
  async #untilDone(what: string, attempt: () => Promise<void>): Promise<void> {
    await waitFor(what, ADD_TIMEOUT_MS, async () => {
      await attempt()
      return true
    })
  }

  async #withMembers(
    change: (members: Awaited<ReturnType<typeof connectMembers>>) => Promise<void>,
  ): Promise<void> {
    const { addresses, clusterId } = this.#processes
    await using members = await connectMembers({ addresses, clusterId })
    await change(members)
  }

  #stateOf(name: string) {
    const node = Number(name)
    return this.#processes.nodes.includes(node) ? this.#processes.stateOf(node) : 'gone'
  }
}
