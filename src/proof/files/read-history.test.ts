import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { DureError } from '../../foundation/errors.ts'
import { readChunks } from '../../runtime/node/read-chunks.ts'
import { parseHistory } from '../verify/history/parse-history.ts'
import { readEvents, readHistory } from './read-history.ts'

const directory = mkdtempSync(join(tmpdir(), 'dure-history-'))
afterAll(() => rmSync(directory, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

describe('reading a history from a file', () => {
  const text = `[${Array.from({ length: 500 }, (_, at) => `{:type :invoke, :process ${at}, :f :write, :value "é${at}"}`).join('\n')}]`

  it('takes a path, a URL, or chunks', () => {
    const path = file('a history é.edn', text)
    const history = parseHistory(text)
    expect(readHistory(path)).toEqual(history)
    expect(readHistory(pathToFileURL(path))).toEqual(history)
    expect(readHistory([text.slice(0, 999), new TextEncoder().encode(text.slice(999))])).toEqual(history)
    // A chunk of a few bytes ends inside characters.
    expect(parseHistory(readChunks(path, 3))).toEqual(history)
  })

  it('names the file where its text is wrong', () => {
    const path = file('cut.edn', text.slice(0, -10))
    expect(() => readHistory(path)).toThrow(`${path}, line 500, column `)
    expect(() => readHistory(pathToFileURL(path))).toThrow(`${path}, line 500, column `)
    expect(() => [...readEvents(path).events]).toThrow(`${path}, line 500, column `)
  })

  it('takes the format that it is told', () => {
    expect(readHistory(file('other.edn', 'w 0 1'), { format: 'isolation' }).origin).toBe('isolation')
  })

  it('says what is wrong with a file that cannot be read', () => {
    expect(() => readHistory(join(directory, 'none'))).toThrow(DureError)
    expect(() => readHistory(join(directory, 'none'))).toThrow('cannot be read: there is none of that name.')
    expect(() => readHistory(directory)).toThrow('cannot be read: it is a directory; name a file in it.')
  })

  it('closes the file, also when it is not read to its end', ({ skip }) => {
    if (process.platform !== 'linux') return skip('counts descriptors in /proc')
    const path = file('events.edn', text)
    const before = openDescriptors()
    for (const event of readEvents(path).events) if (event.index === 3) break
    expect(() => readHistory(file('bad.edn', '{:type :nothing}'))).toThrow('one of invoke, ok, fail, info')
    expect(() => readHistory(file('other.txt', 'hello'))).toThrow(
      'expected a history in a form that can be told',
    )
    expect(openDescriptors()).toBe(before)
  })
})
