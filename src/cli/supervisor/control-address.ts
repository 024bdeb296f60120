import { createHash } from 'node:crypto'
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A path of a socket has 104 bytes on macOS and 108 on Linux, with the zero that ends it. */
const SOCKET_PATH_BYTES_MAX = 103
const RECORD = 'control.path'

/** Where a supervisor of this directory listens; it must exist. A directory too deep for a socket gets one elsewhere. */
export function chooseControlAddress(
  directory: string,
  platform: NodeJS.Platform = process.platform,
): string {
  const real = realpathSync(directory)
  const name = `dure-${createHash('sha256').update(real).digest('hex').slice(0, 16)}`
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`
  const inside = join(real, 'control.sock')
  return Buffer.byteLength(inside) <= SOCKET_PATH_BYTES_MAX ? inside : join(tmpdir(), `${name}.sock`)
}

/** Tells the command line where to look: a temporary directory may differ between two terminals. */
export function recordControlAddress(directory: string, address: string): void {
  writeFileSync(join(directory, RECORD), `${address}\n`)
}

export function forgetControlAddress(directory: string): void {
  rmSync(join(directory, RECORD), { force: true })
}

/** Undefined when no supervisor recorded one. */
export function findControlAddress(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, RECORD), 'utf8').trim()
  } catch {
    return undefined
  }
}
