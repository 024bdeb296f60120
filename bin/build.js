// `npm run build`: dist/ from src/, without what an earlier build left there.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { root } from './paths.js'

const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
if (status === 0) await bundleServer()
else process.exitCode = status ?? 1

/**
 * The program of a node as one file: it is started often, and a fifth of a start was finding and loading more than two
 * hundred files. Packages stay where they are, so that their updates reach it. The thread that writes the table is started by
 * the address of its file, which for that stands beside the program.
 */
async function bundleServer() {
  const directory = join(dist, 'server')
  const bundle = await rolldown({
    input: {
      main: join(directory, 'main.js'),
      'writer-thread': join(dist, 'storage/table/lmdb/writer-thread.js'),
    },
    platform: 'node',
    external: /^[^./]/,
  })
  await bundle.write({ dir: directory, format: 'esm', chunkFileNames: '[name].bundle.js' })
  rmSync(join(directory, 'main.js.map'))
}
