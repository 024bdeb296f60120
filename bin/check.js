// `npm run check`: types, lint and format, and the tidy test, side by side; under a minute.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './paths.js'

const modules = join(root, 'node_modules')
const checks = [
  { name: 'types', script: join(modules, 'typescript/bin/tsc'), args: ['--noEmit', '-p', root] },
  {
    name: 'types of pages',
    script: join(modules, 'typescript/bin/tsc'),
    args: ['--noEmit', '-p', join(root, 'src/proof/report/page')],
  },
  {
    name: 'lint and format',
    script: join(modules, '@biomejs/biome/bin/biome'),
    args: ['check', '--error-on-warnings', root],
  },
  { name: 'tidy', script: join(modules, 'vitest/vitest.mjs'), args: ['run', '--root', root, 'test/tidy'] },
]

const startedMs = Date.now()
const results = await Promise.all(checks.map(runCheck))
for (const { name, code, output, tookMs } of results) {
  if (code !== 0) process.stdout.write(`\n── ${name} ──\n${output.trimEnd()}\n`)
  process.stdout.write(
    `${code === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(16)} ${(tookMs / 1000).toFixed(1)} s\n`,
  )
}
process.stdout.write(`${((Date.now() - startedMs) / 1000).toFixed(1)} s in all\n`)
process.exitCode = results.every(({ code }) => code === 0) ? 0 : 1

function runCheck({ name, script, args }) {
  return new Promise((resolve) => {
    const beganMs = Date.now()
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', (error) =>
      resolve({ name, code: 1, output: error.message, tookMs: Date.now() - beganMs }),
    )
    child.on('close', (code) => resolve({ name, code, output, tookMs: Date.now() - beganMs }))
  })
}
