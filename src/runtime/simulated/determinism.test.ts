import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { busyWorld } from '../testing/world.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

function hashesOf(environment: Record<string, string>, directory: string): string[] {
  const module = pathToFileURL(join(import.meta.dirname, '../testing/world.ts')).href
  const script = `
    const { busyWorld } = await import(${JSON.stringify(module)})
    for (const seed of ${JSON.stringify(SEEDS)}) {
      const world = busyWorld(seed)
      world.run({ untilMs: 25_000 })
      console.log(world.traceHash)
    }`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...environment },
    encoding: 'utf8',
  })
  return output.trim().split('\n')
}

describe('a seed', () => {
  test('tells the same story in every process, time zone, locale and directory', () => {
    const here = SEEDS.map((seed) => {
      const world = busyWorld(seed)
      world.run({ untilMs: 25_000 })
      return world.traceHash
    })
    expect(new Set(here).size).toBe(SEEDS.length)
    expect(hashesOf({ TZ: 'Asia/Seoul', LANG: 'ko_KR.UTF-8', LC_ALL: 'ko_KR.UTF-8' }, tmpdir())).toEqual(here)
    expect(
      hashesOf({ TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8', LC_ALL: 'C' }, import.meta.dirname),
    ).toEqual(here)
  })

  test('tells it in one go or in steps', () => {
    const whole = busyWorld(3)
    whole.run({ untilMs: 5_000 })
    const stepped = busyWorld(3)
    for (let untilMs = 0; untilMs <= 5_000; untilMs += 7) stepped.run({ untilMs })
    stepped.run({ untilMs: 5_000 })
    expect(stepped.traceHash).toBe(whole.traceHash)
  })

  test('tells it with and without waiting for promises', async () => {
    const whole = busyWorld(4)
    whole.run({ untilMs: 5_000 })
    const awaited = busyWorld(4)
    await awaited.runAwaiting(() => false, { withinMs: 5_000 })
    expect(awaited.traceHash).toBe(whole.traceHash)
  })
})
