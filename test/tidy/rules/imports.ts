import { type Folder, folders, packageHomes } from '../house.ts'
import { type Import, isTest, isTestHelper, type SourceFile } from '../source-file.ts'

/** Imports in `src/` go down the house, never up or across. Tests may look anywhere. */
export function checkImports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !isTest(path))
    .flatMap((file) => file.imports.flatMap((found) => violation(file.path, found) ?? []))
}

function violation(path: string, { from, line, typeOnly }: Import): string | undefined {
  if (!from.startsWith('src/')) return packageViolation(path, from, line)
  if (isTestHelper(from)) return `${path}:${line} imports ${from}, which only tests may: it is not published`
  const folder = folderOf(path)
  if (folderOf(from) === folder && !folder.path.includes('*')) return
  if (folder.path.includes('*') && sameBase(path, from, folder.path)) return
  if (matchesAny(from, folder.may)) return
  if (matchesAny(from, folder.mayTypes ?? [])) {
    if (typeOnly) return
    return `${path}:${line} imports values of ${from}; ${folder.path}/ may take types of it only (import type)`
  }
  const list = [...folder.may, ...(folder.mayTypes ?? []).map((other) => `types of ${other}`)].join(', ')
  return `${path}:${line} imports ${from}; ${folder.path}/ may import ${list || 'nothing'}. Move the code down, or pass it in.`
}

function packageViolation(path: string, from: string, line: number): string | undefined {
  const homes = packageHomes[packageName(from)]
  if (homes === undefined || matchesAny(path, homes)) return
  return `${path}:${line} imports ${from}, which belongs to ${homes.join(' and ')}`
}

function folderOf(path: string): Folder {
  const matching = folders.filter((folder) => matches(path, folder.path))
  return matching.reduce((longest, folder) => (folder.path.length > longest.path.length ? folder : longest))
}

const matchesAny = (path: string, patterns: readonly string[]) =>
  patterns.some((pattern) => matches(path, pattern))

/** `*` alone is everything; inside a pattern it is one name; a pattern without `.ts` is a folder and all below. */
function matches(path: string, pattern: string): boolean {
  if (pattern === '*') return true
  const escaped = pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]+')
  return new RegExp(`^${escaped}${pattern.endsWith('.ts') ? '$' : '/'}`).test(path)
}

function sameBase(path: string, other: string, pattern: string): boolean {
  const depth = pattern.split('/').length
  return path.split('/').slice(0, depth).join('/') === other.split('/').slice(0, depth).join('/')
}

const packageName = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
