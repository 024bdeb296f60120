import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import { parseDataDriven } from './testing/data-driven.ts'
import { Transcript } from './testing/transcript.ts'

const folder = join(import.meta.dirname, 'testdata')
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'))

/** `DURE_REWRITE=1` writes what the nodes say now; read the difference like code. */
const rewrites = process.env.DURE_REWRITE !== undefined

describe('golden transcripts', () => {
  test('there are some', () => expect(names.length).toBeGreaterThan(5))

  for (const name of names) {
    test(name, () => {
      const path = join(folder, name)
      const content = readFileSync(path, 'utf8')
      const transcript = new Transcript()
      let actual = ''
      for (const one of parseDataDriven(content)) {
        actual += [
          one.comment,
          one.line,
          ...one.input.map((line) => `\n${line}`),
          '\n----\n',
          transcript.answer(one),
        ].join('')
      }
      if (rewrites) writeFileSync(path, actual)
      else expect(actual).toBe(content)
    })
  }
})
