import { describe, expect, test } from 'vitest'
import { nodeId } from '../../../foundation/ids.ts'
import type { Membership, MembershipStep } from '../membership.ts'
import { membershipOf } from '../testing/cluster.ts'
import { type DataDrivenCase, parseDataDriven } from '../testing/data-driven.ts'
import { goldenFiles } from '../testing/external-data.ts'
import { Tracker } from '../tracker/tracker.ts'
import { enterJoint, isJoint, leaveJoint, MembershipProblem, simpleChange } from './changer.ts'

const PROBLEMS: Record<MembershipProblem['reason'], string> = {
  'already-joint': 'config is already joint',
  'not-joint': "can't leave a non-joint config",
  'simple-in-joint': "can't apply simple config change in joint config",
  'no-voters': "can't make a zero-voter config joint",
  'removes-all-voters': 'removed all voters',
  'several-voters': 'more than one voter changed without entering joint config',
}

const files = goldenFiles('confchange')

describe.skipIf(files === undefined)(
  "etcd-io/raft's golden files of membership changes (missing here when skipped)",
  () => {
    test('all nine files are there', () => expect(files).toHaveLength(9))

    for (const { name, content } of files ?? []) {
      test(name, () => {
        const conversation = new Conversation()
        for (const one of parseDataDriven(content)) {
          expect(conversation.answer(one), `line ${one.lineNumber}: ${one.line}`).toBe(one.expected)
        }
      })
    }
  },
)

class Conversation {
  #membership: Membership = membershipOf([])
  /** Grows with every command: a member's `next` tells when its progress was made. */
  #lastIndex = 0
  readonly #tracker = new Tracker(
    nodeId(0),
    { inflightMessagesMax: 10, inflightBytesMax: 0 },
    this.#membership,
  )

  answer(one: DataDrivenCase): string {
    const changed = this.#change(one)
    if (changed instanceof MembershipProblem) {
      this.#lastIndex++
      return `${PROBLEMS[changed.reason]}\n`
    }
    this.#membership = changed
    this.#tracker.reconfigure(changed, this.#lastIndex, 0)
    this.#lastIndex++
    return picture(changed) + progress(this.#tracker)
  }

  #change(one: DataDrivenCase): Membership | MembershipProblem {
    const steps = one.input.flatMap((line) => line.split(' ')).flatMap(step)
    switch (one.command) {
      case 'simple':
        return simpleChange(this.#membership, steps)
      case 'enter-joint':
        return enterJoint(
          this.#membership,
          { autoLeave: one.options.get('autoleave')?.[0] === 'true' },
          steps,
        )
      case 'leave-joint':
        return leaveJoint(this.#membership)
      default:
        throw new Error(`line ${one.lineNumber}: unknown command ${one.command}`)
    }
  }
}

function step(word: string): readonly MembershipStep[] {
  const node = nodeId(Number(word.slice(1)))
  switch (word[0]) {
    case 'v':
      return [{ kind: 'add-voter', node }]
    case 'l':
      return [{ kind: 'add-learner', node }]
    case 'r':
      return [{ kind: 'remove', node }]
    case 'u': // tells etcd that something else about a member changed: not a change of membership
      return []
    default:
      throw new Error(`unknown step ${word}`)
  }
}

function picture(membership: Membership): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = membership
  let line = `voters=(${voters.join(' ')})`
  if (isJoint(membership)) line += `&&(${votersOutgoing.join(' ')})`
  if (learners.length > 0) line += ` learners=(${learners.join(' ')})`
  if (learnersNext.length > 0) line += ` learners_next=(${learnersNext.join(' ')})`
  return `${line}${autoLeave ? ' autoleave' : ''}\n`
}

const progress = (tracker: Tracker): string =>
  tracker.all
    .map(
      ({ id, match, next, isLearner }) =>
        `${id}: StateProbe match=${match} next=${next}${isLearner ? ' learner' : ''}\n`,
    )
    .join('')
