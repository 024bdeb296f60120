import { expect, test } from 'vitest'
import { runOnThreads } from './run-on-threads.ts'

/** Squares what it is told, and refuses what is negative. */
const program = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, workerData } from 'node:worker_threads'
    parentPort.on('message', (number) => {
      if (number < 0) throw new RangeError('negative')
      parentPort.postMessage((workerData ?? 0) + number * number)
    })
  `)}`,
)

test('every job is answered, whatever the number of threads', async () => {
  for (const threads of [1, 3]) {
    const waiting = Array.from({ length: 20 }, (_, i) => i)
    const answers: number[] = []
    await runOnThreads<number, number>(program, {
      threads,
      next: () => waiting.pop(),
      onAnswer: (answer) => answers.push(answer) > 0,
      data: 1,
    })
    expect(answers.sort((left, right) => left - right)).toEqual(
      Array.from({ length: 20 }, (_, i) => 1 + i * i),
    )
  }
})

test('an answer may bring new jobs, also for threads that had nothing to do', async () => {
  const waiting = [2]
  const answers: number[] = []
  await runOnThreads<number, number>(program, {
    threads: 2,
    next: () => waiting.pop(),
    onAnswer: (answer) => {
      answers.push(answer)
      if (answer === 4) waiting.push(3, 5, 7)
      return true
    },
  })
  expect(answers.sort((left, right) => left - right)).toEqual([4, 9, 25, 49])
})

test('ends at once when told so, by an answer or from outside', async () => {
  let answers = 0
  const endless = { threads: 2, next: () => 1 }
  await runOnThreads(program, { ...endless, onAnswer: () => ++answers < 3 })
  expect(answers).toBe(3)
  const stop = new AbortController()
  await runOnThreads(program, {
    ...endless,
    onAnswer: () => {
      stop.abort()
      return true
    },
    signal: stop.signal,
  })
  await runOnThreads(program, { ...endless, onAnswer: () => true, signal: stop.signal })
})

test('a thread that fails is no silence', async () => {
  await expect(runOnThreads(program, { threads: 2, next: () => -1, onAnswer: () => true })).rejects.toThrow(
    'negative',
  )
})

test('nothing to do is done', async () => {
  await runOnThreads(program, { threads: 2, next: () => undefined, onAnswer: () => true })
})
