import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { displayWidth, printable, styleFor } from './style.ts'

const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY })

test('only a terminal is coloured, and NO_COLOR is heard', () => {
  expect(styleFor(stream(true), {})('good', 'ok')).toBe('\u001b[32mok\u001b[39m')
  expect(styleFor(stream(false), {})('good', 'ok')).toBe('ok')
  expect(styleFor(stream(true), { NO_COLOR: '1' })('good', 'ok')).toBe('ok')
  expect(styleFor(stream(true), { TERM: 'dumb' })('good', 'ok')).toBe('ok')
  expect(styleFor(stream(false), { FORCE_COLOR: '1' })('good', 'ok')).toBe('\u001b[32mok\u001b[39m')
  expect(styleFor(stream(true), { FORCE_COLOR: '1', NO_COLOR: '1' })('good', 'ok')).toBe('ok')
})

test('a stored value cannot steer the terminal', () => {
  expect(printable('a\u001b[2Jb\nc\u0007\u202ed')).toBe('a\\u001b[2Jb\\nc\\u0007\\u202ed')
  expect(printable('Sant Julià de Lòria 서울')).toBe('Sant Julià de Lòria 서울')
})

test('wide characters take two columns', () => {
  expect(displayWidth('Seoul')).toBe(5)
  expect(displayWidth('서울')).toBe(4)
  expect(displayWidth('e\u0301')).toBe(1)
})
