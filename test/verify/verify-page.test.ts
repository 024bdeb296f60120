import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInProcess } from '../../src/cli/testing/run-in-process.ts'
import { checkNames } from '../../src/verify.ts'

const page = join(import.meta.dirname, '../../docs/verify.md')
/** A history with the name of its file, and behind it what the command says of it. */
const example = /```\w+ (\S+)\n([\s\S]*?)```\n\n```\n\$ npx dure (check [^\n]*)\n[\s\S]*?```/g

// Files are named as on the page: how lines break must not depend on where the test runs.
const before = process.cwd()
let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-page-'))
  process.chdir(directory)
})
afterAll(() => {
  process.chdir(before)
  rmSync(directory, { recursive: true })
})

test('the page shows what the checkers say of its histories; -u writes it anew', {
  timeout: 60_000,
}, async () => {
  const text = readFileSync(page, 'utf8')
  const found = await Promise.all(
    [...text.matchAll(example)].map(async ([block, name, history, command]) => {
      writeFileSync(name!, history!)
      const { code, stdout, stderr } = await runInProcess(command!.split(' '))
      expect({ command, code, stderr }).toEqual({ command, code: 1, stderr: '' })
      const shown = block.replace(/```\n\$[\s\S]*$/, () => `\`\`\`\n$ npx dure ${command}\n${stdout}\`\`\``)
      return { block, shown }
    }),
  )
  let written = text
  for (const { block, shown } of found) written = written.replace(block, () => shown)
  await expect(written).toMatchFileSnapshot(page)
})

test('the page has an example of every check', () => {
  const text = readFileSync(page, 'utf8')
  const shown = [...text.matchAll(/^### `([\w-]+)`: /gm)].map(([, name]) => name)
  expect(shown.toSorted()).toEqual(checkNames.toSorted())
})
