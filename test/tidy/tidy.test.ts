import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { readProject } from './read-project.ts'
import { checkDeadFiles, checkUnusedExports } from './rules/dead-code.ts'
import { checkForbiddenCalls } from './rules/forbidden-calls.ts'
import { checkImports } from './rules/imports.ts'
import { checkBarrels, checkDefaultExports, checkLength, checkOnly } from './rules/shape.ts'
import { checkWords, type TextFile } from './rules/words.ts'
import type { SourceFile } from './source-file.ts'

const root = join(import.meta.dirname, '../..')
let files: readonly SourceFile[]

beforeAll(() => {
  files = readProject(root)
})

test.for([
  ['imports go down the house', checkImports],
  ['the outside is touched at its doors only', checkForbiddenCalls],
  ['every file is reached', checkDeadFiles],
  ['every export is used', checkUnusedExports],
  ['no file outgrew its purpose', checkLength],
  ['nothing is exported as default', checkDefaultExports],
  ['nothing is passed on but by the entries', checkBarrels],
  ['no test runs alone', checkOnly],
] as const)('%s', ([, check]) => {
  expect(files.length).toBeGreaterThan(0)
  expect(check(files)).toEqual([])
})

test('the project speaks of itself alone', () => {
  expect(checkWords(textFiles())).toEqual([])
})

/** What git tracks or would track, but for golden files taken from elsewhere and the rules that name the words. */
function textFiles(): TextFile[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
  })
  return list
    .toString()
    .split('\0')
    .filter(
      (path) =>
        path !== '' && !/testdata\/|^LICENSE$|^test\/tidy\//.test(path) && existsSync(join(root, path)),
    )
    .filter((path) => /\.(ts|js|json|md|yml|yaml|sh|css|html|txt)$|^[^.]+$|^\.ci\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}
