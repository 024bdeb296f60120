import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MessagesFile } from './messages-file.ts'

test('a message that is still on its way when the file is closed is passed over', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'dure-messages-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'messages.jsonl')
  const file = new MessagesFile(path)
  const message = { src: 'c1', dest: 'n1', body: { type: 'echo' } }
  file.add('sent', 0, message)
  const closed = file.close()
  file.add('received', 0, message)
  await closed
  file.add('sent', 1, message)
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ event: 'sent', id: 0, src: 'c1' }])
})
