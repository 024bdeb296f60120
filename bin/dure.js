#!/usr/bin/env node
// The `dure` command. In a checkout it runs the TypeScript sources under Node 24; in the published package, `dist/`.
import { join } from 'node:path'
import { isCheckout, root } from './paths.js'

const args = process.argv.slice(2)
if (isCheckout) {
  const { launch } = await import('./launch.js')
  await launch(join(root, 'src/cli/main.ts'), args, { startsOften: true })
} else {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 12)) {
    process.stderr.write(
      `dure: Node 22.12 or newer is needed, this is ${process.version}. Install a newer Node.\n`,
    )
    process.exit(1)
  }
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  await import('../dist/cli/main.js')
}
