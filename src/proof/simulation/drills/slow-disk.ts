import { calmFaults, type Drill } from './drill.ts'

const RUN_MS = 20_000

/**
 * A slow disk must not cause elections by itself: heartbeats and their answers never wait for it. Stalls are longer than
 * any election timeout and shorter than what counts as hung.
 */
export const slowDisk: Drill = {
  name: 'a slow disk alone causes no election',
  fault: 'disk',
  faults: (random) => ({
    ...calmFaults(),
    disk: {
      ...calmFaults().disk,
      stallProbability: random.between(0.01, 0.1),
      stallMs: { min: 500, max: 2_000 },
    },
  }),
  run({ world, cluster, leader, require }) {
    const first = leader()
    const { term } = first.node!.groups[0]!.raft
    const elected = cluster.nodes.some(({ node }) => node!.groups[0]!.raft.term > term)
    require(!elected, 'two elections at the start')
    const disturbed = () => cluster.nodes.some(({ node }) => node!.groups[0]!.raft.term > term)
    const wasDisturbed = world.runUntil(disturbed, { withinMs: RUN_MS })
    require(!wasDisturbed, `${first.process.name} led term ${term} until a disk stood still`)
    require(leader() === first, `${first.process.name} does not lead any more`)
  },
}
