import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { applyPatch } from './apply-patch.ts'

const root = resolve(import.meta.dirname, '../..')

/** A copy of the source, with the patch applied to it, that can be run. Undefined patch: as it is. */
export function makeCopy(patch: string | undefined): { readonly root: string; remove(): void } {
  const copy = mkdtempSync(join(tmpdir(), 'dure-mutant-'))
  const remove = (): void => rmSync(copy, { recursive: true, force: true })
  try {
    cpSync(join(root, 'src'), join(copy, 'src'), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    })
    cpSync(join(root, 'package.json'), join(copy, 'package.json'))
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
    if (patch !== undefined) {
      for (const [path, text] of applyPatch(patch, readSource)) writeFileSync(join(copy, path), text)
    }
    return { root: copy, remove }
  } catch (error) {
    remove()
    throw error
  }
}

export const readSource = (path: string): string => readFileSync(join(root, path), 'utf8')
