import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readMutants } from '../mutants/mutant.ts'

const root = resolve(import.meta.dirname, '../..')
const PITFALLS = 20
const FOLDERS = ['src/protocols/raft/pitfalls', 'src/storage/pitfalls', 'src/proof/simulation/pitfalls']
/** "06 (two)" in the last column. */
const COUNTS = ['', 'two', 'three']

interface Row {
  readonly number: number
  readonly tests: string
  readonly mutants: string
}

const rows: readonly Row[] = readFileSync(join(root, 'docs/pitfalls.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number, , tests, mutants] = line.split('|').map((cell) => cell.trim())
    return /^\d+$/.test(number ?? '') ? [{ number: Number(number), tests: tests!, mutants: mutants! }] : []
  })

const twoDigits = (number: number): string => String(number).padStart(2, '0')
const pathsOf = ({ tests }: Row): string[] => [...tests.matchAll(/`([^`]+)`/g)].map(([, path]) => path!)
const namesOf = ({ tests }: Row): string[] => [...tests.matchAll(/\*([^*]+)\*/g)].map(([, name]) => name!)

describe('the index of pitfalls', () => {
  test('has all of them', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: PITFALLS }, (_, i) => i + 1))
  })

  test.for(rows.map((row) => [row.number, row] as const))(
    'names tests of pitfall %i that are there',
    ([, row]) => {
      const paths = pathsOf(row)
      for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
      const texts = paths.map((path) => readFileSync(join(root, path), 'utf8'))
      for (const name of namesOf(row)) {
        expect(
          texts.some((text) => text.includes(`'${name}'`)),
          `a test called "${name}" in ${paths.join(', ')}`,
        ).toBe(true)
      }
      const carriesNumber =
        paths.some((path) => basename(path).startsWith(`${twoDigits(row.number)}-`)) ||
        namesOf(row).some((name) => name.startsWith(`pitfall ${row.number}, `))
      expect(carriesNumber, `a test with the number ${row.number} in its name`).toBe(true)
    },
  )

  test('leaves no test of a pitfall out', () => {
    const listed = new Set(rows.flatMap(pathsOf))
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(join(root, folder)).map((file) => `${folder}/${file}`),
    )
    expect(files.filter((file) => !listed.has(file))).toEqual([])
  })

  test('counts the mutants right', () => {
    const mutants = readMutants()
    for (const { number, mutants: cell } of rows) {
      const count = mutants.filter((mutant) => Number(mutant.number) === number).length
      const word = COUNTS[count - 1]
      expect(cell).toBe(word === '' ? twoDigits(number) : `${twoDigits(number)} (${word})`)
    }
  })
})
