import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { expect, test } from 'vitest'
import { pageScript, pageStyle } from '../../src/proof/report/page-assets.ts'

const report = join(import.meta.dirname, '../../src/proof/report')

/** A report is made without a bundler, so what its page runs is kept beside what it is made from. `-u` writes it anew. */
test('the script and the style of reports are those of src/proof/report/page', async () => {
  const bundle = await rolldown({
    input: join(report, 'page/main.ts'),
    platform: 'browser',
    logLevel: 'warn',
  })
  const { output } = await bundle.generate({ format: 'iife', minify: true })
  const style = smaller(readFileSync(join(report, 'page/style.css'), 'utf8'))
  const text = [
    '// Made from page/ by `npm test -- test/report/page-assets.test.ts -u`; do not edit.',
    `export const pageScript = ${JSON.stringify(output[0].code.trim())}`,
    `export const pageStyle = ${JSON.stringify(style)}`,
    '',
  ].join('\n')
  await expect(text).toMatchFileSnapshot(join(report, 'page-assets.ts'))
})

test('neither can end the element that it stands in', () => {
  expect(pageScript).not.toMatch(/<\/script|<!--/i)
  expect(pageStyle).not.toMatch(/<\/style|<!--/i)
})

test('nothing is loaded from anywhere', () => {
  expect(pageScript + pageStyle).not.toMatch(/https?:|url\(|@import|import\(|\bfetch\(/)
})

function smaller(css: string): string {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?/g, '$1')
    .replaceAll(': ', ':')
    .trim()
}
