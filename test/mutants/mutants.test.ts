import { stripTypeScriptTypes } from 'node:module'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { applyPatch } from './apply-patch.ts'
import { hunt, seedsFrom } from './hunt.ts'
import { readMutant, readMutants } from './mutant.ts'
import { makeCopy, readSource } from './mutated-copy.ts'

const PITFALLS = 20
/** Quickly found: it breaks at the first crash. */
const CHEAP = 'acknowledged-before-the-sync'
const WITHIN_MS = 20_000

describe('known bugs, kept as patches', () => {
  const mutants = readMutants()

  test('every pitfall has one', () => {
    const numbers = Array.from({ length: PITFALLS }, (_, i) => String(i + 1).padStart(2, '0'))
    // Higher numbers are bugs of watches, leases and time.
    const found = new Set(mutants.map(({ number }) => number).filter((number) => Number(number) <= PITFALLS))
    expect([...found]).toEqual(numbers)
  })

  test.for(mutants.map((mutant) => [`${mutant.number} ${mutant.name}`, mutant] as const))(
    '%s applies to the source of today, and what comes out is TypeScript',
    ([, { patch }]) => {
      for (const [path, text] of applyPatch(patch, readSource)) {
        expect(text).not.toBe(readSource(path))
        expect(stripTypeScriptTypes(text)).not.toBe('')
      }
    },
  )

  test('one is found, by a seed that finds nothing in the source as it is', async () => {
    const { patch, scenario } = mutants.find(({ name }) => name === CHEAP)!
    const copy = makeCopy(patch)
    try {
      const order = { scenario, without: [], withinMs: WITHIN_MS }
      const { found } = await hunt({ ...order, root: copy.root, seeds: seedsFrom(1, 5) })
      expect(found).toBeDefined()
      const root = resolve(import.meta.dirname, '../..')
      const unpatched = await hunt({ ...order, root, seeds: [found!.seed] })
      expect(unpatched.tried).toBe(1)
      expect(unpatched.found).toBeUndefined()
    } finally {
      copy.remove()
    }
  })
})

describe('a patch', () => {
  const patch = '--- a/x.ts\n+++ b/x.ts\n@@ -1,3 +1,3 @@\n one\n-two\n+deux\n three\n'

  test('goes to its lines, wherever they are by now', () => {
    const changed = applyPatch(patch, () => 'zero\none\ntwo\nthree\n')
    expect([...changed]).toEqual([['x.ts', 'zero\none\ndeux\nthree\n']])
  })

  test('says when they are gone, or there twice', () => {
    expect(() => applyPatch(patch, () => 'one\n2\nthree\n')).toThrow('x.ts holds these lines no more')
    expect(() => applyPatch(patch, () => 'one\ntwo\nthree\n'.repeat(2))).toThrow('twice')
    expect(() => applyPatch('', () => '')).toThrow('changes nothing')
  })

  test('names faults and scenarios that there are', () => {
    const head = 'title: a\nbug: b\n  and more\nseen in: c\nscenario: standing\nfaults: crash\nbreaks: d\n\n'
    expect(readMutant('01-a.patch', head + patch)).toMatchObject({ bug: 'b and more', faults: ['crash'] })
    expect(() => readMutant('01-a.patch', head.replace('crash', 'flood'))).toThrow('flood')
    expect(() => readMutant('a.patch', head)).toThrow('is not named like')
  })
})
