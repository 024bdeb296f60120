import { packageEntries, programs } from '../house.ts'
import type { SourceFile } from '../source-file.ts'

/** Every file is reached from an entry, a program or a test. */
export function checkDeadFiles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const reached = new Set<string>()
  const queue = files.map(({ path }) => path).filter(isRoot)
  for (const path of queue) {
    if (reached.has(path)) continue
    reached.add(path)
    for (const { from } of byPath.get(path)?.imports ?? []) queue.push(from)
  }
  return files
    .filter(({ path }) => !reached.has(path))
    .map(({ path }) => `${path} is reached from no entry, program or test: use it or remove it`)
}

/** Every export is used by another file, or is part of what its own file offers (a type in an exported signature). */
export function checkUnusedExports(files: readonly SourceFile[]): string[] {
  const taken = new Map<string, Set<string>>()
  for (const { imports } of files) {
    for (const { from, names } of imports) {
      const all = taken.get(from) ?? new Set()
      taken.set(from, all)
      for (const name of names) all.add(name)
    }
  }
  return files
    .filter(({ path }) => !isEntry(path))
    .flatMap(({ path, exports }) => {
      const used = taken.get(path) ?? new Set()
      if (used.has('*')) return []
      return exports
        .filter(({ name, isType, usesInside }) => !used.has(name) && !(isType && usesInside > 0))
        .map(
          ({ name, line }) =>
            `${path}:${line} exports ${name}, which no other file takes: drop the export or the code`,
        )
    })
}

const isEntry = (path: string) => packageEntries.includes(path) || programs.includes(path)
const isRoot = (path: string) => isEntry(path) || path.endsWith('.test.ts') || path.startsWith('examples/')
