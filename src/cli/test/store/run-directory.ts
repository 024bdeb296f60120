import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { DureError } from '../../../foundation/errors.ts'
import type { TestResults, TestSetup } from '../../../proof/workloads/run/test-record.ts'

/**
 * What one run leaves: `store/<name>/<time>/`, with `store/latest` and `store/<name>/latest` for the newest.
 *
 * | file | what it is |
 * | --- | --- |
 * | `test.json` | what was to be done, before it begins |
 * | `history.jsonl`, `history.edn` | what clients saw and what the nemesis did, as it happens |
 * | `node-N.log` | what the nodes wrote |
 * | `results.json` | the verdict, why, and how much was done |
 * | `index.html` | all of it for a person |
 */
export class RunDirectory {
  /** As a person would write it: from where the command was run. */
  readonly path: string

  constructor(path: string) {
    const here = relative('', path) || '.'
    this.path = here.startsWith('..') ? resolve(path) : here
  }

  /** A new one; two in one second get different names. */
  static create(store: string, name: string, startedAt: Date): RunDirectory {
    const parent = join(store, name)
    const time = startedAt.toISOString().slice(0, 19).replaceAll(':', '-')
    let taken = 0
    for (;;) {
      make(parent)
      const path = join(parent, taken === 0 ? `${time}Z` : `${time}Z-${taken + 1}`)
      try {
        mkdirSync(path)
        return new RunDirectory(path)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EEXIST') taken++
        // Another run that did not begin has just taken the empty one away.
        else if (code !== 'ENOENT') throw error
      }
    }
  }

  at(file: string): string {
    return join(this.path, file)
  }

  /** From now on it is the latest. */
  writeSetup(setup: TestSetup): void {
    this.#write('test.json', setup)
    const parent = join(this.path, '..')
    link(join(parent, 'latest'), this.path)
    link(join(parent, '..', 'latest'), this.path)
  }

  /** Of a run that did not begin: what is empty goes, logs that say why stay. */
  discardEmpty(): void {
    try {
      for (const path of ['.', '..', '../..']) rmdirSync(join(this.path, path))
    } catch {
      // Something is in it.
    }
  }

  writeResults(results: TestResults): void {
    this.#write('results.json', results)
  }

  writeReport(page: string): void {
    writeFileSync(this.at('index.html'), page)
  }

  /** Errors: `invalid` when no run was recorded here. */
  readSetup(): TestSetup {
    return this.#read('test.json') as TestSetup
  }

  /** Undefined of a run that did not come to its end. */
  readResults(): TestResults | undefined {
    try {
      return this.#read('results.json') as TestResults
    } catch {
      return undefined
    }
  }

  #write(file: string, value: unknown): void {
    writeFileSync(this.at(file), `${JSON.stringify(value, undefined, 2)}\n`)
  }

  #read(file: string): unknown {
    try {
      return JSON.parse(readFileSync(this.at(file), 'utf8'))
    } catch (cause) {
      const advice = 'name the directory of a run, for example store/latest'
      throw new DureError('invalid', `no test was recorded in ${this.path}: it has no ${file}; ${advice}`, {
        cause,
      })
    }
  }
}

function make(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (cause) {
    const advice = 'choose another place with --store'
    throw new DureError('invalid', `cannot write to ${directory}: ${(cause as Error).message}; ${advice}`, {
      cause,
    })
  }
}

/** Points there from now on, at no moment nowhere. Where links are not allowed there is none. */
function link(path: string, target: string): void {
  const beside = `${path}.${process.pid}`
  try {
    // A junction, which Windows lets everybody make, needs the whole path.
    const to = process.platform === 'win32' ? resolve(target) : relative(join(path, '..'), target)
    symlinkSync(to, beside, 'junction')
    renameSync(beside, path)
  } catch {
    rmSync(beside, { force: true })
  }
}
