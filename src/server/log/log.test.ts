import { expect, test } from 'vitest'
import { DureError } from '../../foundation/errors.ts'
import { createLog } from './log.ts'

function capture(level?: 'debug' | 'warn') {
  const lines: string[] = []
  const log = createLog({
    ...(level && { level }),
    fields: { node: 1 },
    write: (line) => lines.push(line),
    wallMs: () => 0,
  })
  return { log, lines }
}

test('one line of JSON each, with the fields of the log and of the event', () => {
  const { log, lines } = capture()
  log.info('ready', { http: '127.0.0.1:8080' })
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"ready","node":1,"http":"127.0.0.1:8080"}\n',
  ])
})

test('what is below the level is left out', () => {
  const { log, lines } = capture('warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  expect(lines.map((line) => JSON.parse(line).event)).toEqual(['c', 'd'])
})

test('a text with line breaks stays on one line', () => {
  const { log, lines } = capture()
  log.info('read', { text: 'a\nb' })
  expect(lines.join('').split('\n')).toHaveLength(2)
})

test('errors say what they are; only unforeseen ones show where they come from', () => {
  const { log, lines } = capture()
  log.error('a', { error: new DureError('disk', 'the disk is full', { cause: new Error('ENOSPC') }) })
  log.error('b', { error: new TypeError('x is not a function') })
  const [foreseen, bug] = lines.map((line) => JSON.parse(line).error)
  expect(foreseen).toMatchObject({ code: 'disk', outcome: 'failed', message: 'the disk is full' })
  expect(foreseen.cause.message).toBe('ENOSPC')
  expect(foreseen.stack).toBeUndefined()
  expect(bug.stack).toContain('x is not a function')
})
