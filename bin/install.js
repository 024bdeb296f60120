// Installs what package-lock.json asks for and node_modules lacks. Plain JavaScript for any Node from 20 on.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './paths.js'

/** Where npm notes what it installed. */
const INSTALLED = 'node_modules/.package-lock.json'

/** Installs what is missing; output goes to stderr. Ends the process with a message when that fails. */
export function ensureInstalled() {
  const missing = missingPackages()
  if (missing.length === 0) return
  const fresh = !existsSync(join(root, INSTALLED))
  const what = fresh ? 'the packages of package-lock.json' : `what is missing: ${summary(missing)}`
  process.stderr.write(`dure: installing ${what} …\n`)
  // `npm ci` empties node_modules first: never under a cluster that may be running from it.
  const command = fresh ? ['ci'] : ['install', '--no-save']
  const { file, prefix, shell } = npm()
  const result = spawnSync(
    file,
    [
      ...prefix,
      ...command,
      '--prefer-offline',
      '--no-progress',
      '--no-fund',
      '--no-audit',
      '--loglevel=error',
    ],
    { cwd: root, stdio: ['ignore', 2, 2], shell },
  )
  if (result.status !== 0) {
    const found = result.error?.message ?? `npm ended with ${result.signal ?? `exit code ${result.status}`}`
    fail(
      `the packages could not be installed: ${found}. Run \`npm ci\` in ${root} to see why, then try again.`,
    )
  }
  const still = missingPackages()
  if (still.length > 0) {
    fail(
      `npm finished, but ${summary(still)} did not arrive. Remove ${join(root, 'node_modules')} and run \`npm ci\`.`,
    )
  }
}

/** Names in package-lock.json that this platform needs and node_modules does not hold in that version. */
function missingPackages() {
  const wanted = packagesOf(join(root, 'package-lock.json'))
  if (wanted === undefined) return []
  const found = packagesOf(join(root, INSTALLED)) ?? {}
  const missing = []
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/') || entry.peer || !suits(entry)) continue
    // A package that may fail to install is not worth stopping for, unless it is the Node that runs everything.
    if (entry.optional && !/\/node-(bin-)?(linux|darwin|win)-/.test(path)) continue
    if (
      (!entry.link && found[path]?.version !== entry.version) ||
      !existsSync(join(root, path, 'package.json'))
    ) {
      missing.push(path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    }
  }
  return missing
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

const suits = (entry) => allows(entry.os, process.platform) && allows(entry.cpu, process.arch)
const allows = (list, value) => list === undefined || list.includes(value)

/** Under `npm start` npm says where it is; otherwise it is on the path (a command file on Windows). */
function npm() {
  const script = process.env.npm_execpath
  if (script?.endsWith('npm-cli.js') && existsSync(script))
    return { file: process.execPath, prefix: [script] }
  const windows = process.platform === 'win32'
  return { file: windows ? 'npm.cmd' : 'npm', prefix: [], shell: windows }
}

function summary(names) {
  const shown = names.slice(0, 4).join(', ')
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown
}

function fail(message) {
  process.stderr.write(`dure: ${message}\n`)
  process.exit(1)
}
