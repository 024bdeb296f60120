import { expect, test } from 'vitest'
import { modelsRuledOutBy } from './anomaly-name.ts'
import { consistencyModels, impliedDirectly, parseConsistencyModel } from './consistency-model.ts'
import { describeStanding, impliedModels, isViolated, modelStanding } from './model-standing.ts'

test('models come after all that they imply, so none implies itself', () => {
  consistencyModels.forEach((model, at) => {
    for (const weaker of impliedDirectly(model)) expect(consistencyModels.indexOf(weaker)).toBeLessThan(at)
    expect(impliedModels(model)).not.toContain(model)
  })
})

test('strict serializability implies everything else', () => {
  expect(impliedModels('strict-serializable').size).toBe(consistencyModels.length - 1)
})

test('names are found by alias and in either case; an unknown one lists the known', () => {
  expect(parseConsistencyModel('PL-3')).toBe('serializable')
  expect(parseConsistencyModel('pl-2.99')).toBe('repeatable-read')
  expect(parseConsistencyModel('strong-serializable')).toBe('strict-serializable')
  expect(() => parseConsistencyModel('serialisable')).toThrow(
    /no consistency model is called "serialisable" \(did you mean serializable\?\); the known ones: read-uncommitted, .*strict-serializable/,
  )
})

test('write skew violates repeatable read and what is above, and leaves snapshot isolation', () => {
  const standing = modelStanding(modelsRuledOutBy('G2-item'))
  expect(standing.weakestViolated).toEqual(['repeatable-read'])
  expect(standing.violated).toContain('serializable')
  expect(standing.violated).toContain('strict-serializable')
  expect(standing.violated).not.toContain('snapshot-isolation')
  expect(standing.strongestPossible).toContain('strong-snapshot-isolation')
})

test('a lost update leaves causal consistency, and not parallel snapshot isolation', () => {
  const ruledOut = modelsRuledOutBy('lost-update')
  expect(isViolated('parallel-snapshot-isolation', ruledOut)).toBe(true)
  expect(isViolated('snapshot-isolation', ruledOut)).toBe(true)
  expect(isViolated('repeatable-read', ruledOut)).toBe(true)
  expect(isViolated('causal', ruledOut)).toBe(false)
})

test('a long fork leaves parallel snapshot isolation, and not prefix consistency', () => {
  const ruledOut = modelsRuledOutBy('long-fork')
  expect(isViolated('parallel-snapshot-isolation', ruledOut)).toBe(false)
  expect(isViolated('prefix', ruledOut)).toBe(true)
  expect(isViolated('snapshot-isolation', ruledOut)).toBe(true)
})

test('what needs the order of processes violates only what keeps it', () => {
  const standing = modelStanding(modelsRuledOutBy('G-single-item-process'))
  expect(standing.violated).not.toContain('serializable')
  expect(standing.violated).toContain('strong-session-serializable')
})

test('the sentence names the weakest that is violated and the strongest that is left', () => {
  expect(describeStanding(modelStanding(['snapshot-isolation'], (model) => model === 'read-atomic'))).toBe(
    'violates snapshot isolation and everything above it; satisfies read atomic',
  )
})
