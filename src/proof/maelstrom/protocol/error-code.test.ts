import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorOf, protocolErrors } from './error-code.ts'

test('the page has the table of the codes as they are', () => {
  const page = readFileSync('docs/maelstrom.md', 'utf8')
  const rows = protocolErrors.map(
    ({ code, name, isDefinite, meaning }) =>
      `| ${code} | \`${name}\` | ${isDefinite ? 'yes' : 'no'} | ${meaning} |`,
  )
  expect(page).toContain(rows.join('\n'))
})

test('a code of a program, or none at all, says nothing for certain', () => {
  expect(errorOf(1_017)).toMatchObject({ name: 'code-1017', isDefinite: false })
  expect(errorOf(undefined)).toMatchObject({ isDefinite: false })
})
