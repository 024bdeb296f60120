import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { renderReport } from '../../src/proof/report/render-report.ts'
import { register } from '../../src/proof/workloads/register/register.ts'
import { listAppend } from '../../src/proof/workloads/transactions/list-append.ts'
import { launchChromium, requireChromium } from './chromium.ts'
import { largeRecord } from './large-record.ts'
import { type Sample, sampleRun } from './sample-runs.ts'

/** What a person does with a report, in the browser that they do it in. */
describe.runIf(requireChromium())('a report in a browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'dure-report-'))
  let browser: Browser
  let wrong: Sample
  const open: Page[] = []
  const problems: string[] = []

  beforeAll(async () => {
    const samples = await Promise.all([
      sampleRun(register, { seed: 7, durationMs: 3_000, defect: 'stale-read' }),
      sampleRun(register, { seed: 7, durationMs: 3_000 }),
      sampleRun(listAppend, { seed: 3, durationMs: 3_000, defect: 'lost-update' }),
      launchChromium().then((launched) => (browser = launched)),
    ])
    wrong = samples[0]
    for (const [i, name] of ['wrong', 'right', 'transactions'].entries()) {
      const { record, checked } = samples[i] as Sample
      writeFileSync(join(directory, `${name}.html`), renderReport(record, checked))
    }
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(directory, { recursive: true, force: true })
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((page) => page.context().close()))
    expect(problems.splice(0)).toEqual([])
  })

  async function visit(name: string, options: BrowserContextOptions = {}, hash = ''): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
    const page = await context.newPage()
    open.push(page)
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('request', (request) => request.url().startsWith('file:') || problems.push(request.url()))
    await page.goto(`${pathToFileURL(join(directory, `${name}.html`))}${hash}`)
    await page.waitForSelector('html.ready #list tbody tr')
    return page
  }

  test('the verdict is the first heading, in words', async () => {
    for (const [name, verdict] of [
      ['wrong', 'Invalid'],
      ['right', 'Valid'],
    ] as const) {
      const page = await visit(name)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(verdict)
      expect(await page.locator('#anomalies').count()).toBe(verdict === 'Invalid' ? 1 : 0)
    }
  })

  test('the explanation leads to the operation in the timeline, which says all about it, and on to the table', async () => {
    const page = await visit('wrong')
    const call = wrong.record.results.anomalies[0]!.events.at(-1)!
    await page.locator(`.explanation a[href="#op-${call}"]`).first().click()
    const card = page.locator('#operation')
    await expect.poll(() => card.textContent()).toContain('not-linearizable')
    expect(await card.textContent()).toContain(`${call} to `)
    await expect.poll(() => page.locator('#range').textContent()).toMatch(/ s to /)
    await expect.poll(() => isInView(page, '#timeline')).toBe(true)

    await card.getByText('Show in the table').click()
    const selected = page.locator('#list tr.selected')
    await expect.poll(() => selected.locator('td').first().textContent()).toBe(String(call))
    expect(await selected.getAttribute('class')).toContain('anomalous')
  })

  test('an address ends with an operation', async () => {
    const { events } = wrong.record.history
    const { index } = events.findLast(({ type }) => type === 'ok')!
    const page = await visit('wrong', {}, `#op-${index}`)
    await expect.poll(() => page.locator('#operation').textContent()).toContain(` to ${index}`)
    await expect.poll(() => isInView(page, '#timeline')).toBe(true)
  })

  test('the table is filtered, sorted and turned', async () => {
    const page = await visit('wrong')
    const { events } = wrong.record.history
    const calls = events.filter(({ type }) => type === 'invoke')
    const writes = calls.filter(({ f }) => f === 'write').length
    await filterOf(page).getByLabel('Function').selectOption('write')
    await expect.poll(() => found(page)).toBe(`${writes} of ${calls.length} operations`)
    await filterOf(page).getByLabel('Outcome').selectOption('unknown')
    const unknown = wrong.record.results.calls.write!.unknown
    await expect.poll(() => found(page)).toBe(`${unknown} of ${calls.length} operations`)
    await page.getByRole('button', { name: 'Clear' }).click()
    await filterOf(page).getByLabel('Process').fill('0')
    await expect
      .poll(() => column(page, 3))
      .toSatisfy((texts: string[]) => texts.every((text) => text === '0'))
    await filterOf(page).getByLabel('Process').fill('')
    await filterOf(page).getByLabel('Value, answer or error').fill('no such value')
    await expect.poll(() => page.locator('#list tbody').textContent()).toContain('No operation is like that')
    await page.getByRole('button', { name: 'Clear' }).click()
    await filterOf(page).getByLabel('only in anomalies').check()
    await expect.poll(() => found(page)).toMatch(/^2 of /)
    await filterOf(page).getByLabel('only in anomalies').uncheck()

    await page.getByRole('button', { name: 'Next' }).click()
    expect(await column(page, 1)).toHaveLength(50)
    expect(await column(page, 1)).toContain(String(calls[50]!.index))
    await page.getByRole('button', { name: 'Latency' }).click()
    await expect.poll(() => page.locator('[aria-sort]').getAttribute('aria-sort')).toBe('descending')
  })

  test('the timeline is zoomed with the mouse, the buttons and the keyboard', async () => {
    const page = await visit('wrong')
    const canvas = page.locator('#timeline canvas').first()
    await canvas.scrollIntoViewIfNeeded()
    const before = await pictureOf(page, '#latency canvas')
    const box = (await canvas.boundingBox())!
    await page.mouse.move(box.x + 300, box.y + 100)
    await page.mouse.down()
    await page.mouse.move(box.x + 600, box.y + 110, { steps: 4 })
    await page.mouse.up()
    await expect.poll(() => page.locator('#range').textContent()).toMatch(/ s to /)
    await expect.poll(() => pictureOf(page, '#latency canvas')).not.toBe(before)

    await page.getByRole('button', { name: 'Whole run' }).click()
    await expect.poll(() => page.locator('#range').textContent()).toBe('')
    await expect.poll(() => pictureOf(page, '#latency canvas')).toBe(before)

    await canvas.focus()
    await page.keyboard.press('ArrowRight')
    const first = await page.locator('#operation').textContent()
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('#operation').textContent()).not.toBe(first)
    await page.keyboard.press('+')
    await expect.poll(() => page.locator('#range').textContent()).toMatch(/ s to /)
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('#list tr.selected').count()).toBe(1)
  })

  test('an operation under the pointer says what it is', async () => {
    const page = await visit('wrong')
    const canvas = page.locator('#timeline canvas').first()
    await canvas.scrollIntoViewIfNeeded()
    const box = (await canvas.boundingBox())!
    const tip = page.locator('#tip')
    for (let x = 130; x < box.width && (await tip.isHidden()); x += 3) {
      await page.mouse.move(box.x + x, box.y + box.height - 20)
    }
    await expect.poll(() => tip.textContent()).toMatch(/process \d+.*events/)
    await page.mouse.move(5, 5)
    await expect.poll(() => tip.isHidden()).toBe(true)
  })

  test('dark and light follow the system, and a switch overrules it', async () => {
    const page = await visit('right', { colorScheme: 'dark' })
    const paper = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await paper()
    const drawn = await pictureOf(page, '#timeline canvas')
    await page.locator('#theme').click()
    const light = await paper()
    expect(light).not.toBe(dark)
    await expect.poll(() => pictureOf(page, '#timeline canvas')).not.toBe(drawn)
    await page.locator('#theme').click()
    expect(await paper()).toBe(dark)
  })

  test('printed it is light, whatever the screen is, and the charts are on it', async () => {
    const page = await visit('right', { colorScheme: 'dark' })
    await page.evaluate("dispatchEvent(new Event('beforeprint'))")
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    expect(await page.locator('.chart img').count()).toBe(4)
    expect(await page.locator('#rate img').isVisible()).toBe(true)
    const ink = await page.evaluate<string>('getComputedStyle(document.body).color')
    expect(ink).toBe('rgb(27, 32, 38)')
    await page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(await page.locator('.chart img').count()).toBe(0)
  })

  test('a cycle is drawn, each transaction a link, each arrow with its sentence', async () => {
    const page = await visit('transactions')
    const figure = page.locator('.cycle-figure').first()
    const boxes = await figure.locator('svg a.transaction').count()
    expect(boxes).toBeGreaterThan(1)
    expect(await figure.locator('svg .edge').count()).toBe(boxes)
    expect(await figure.locator('.reasons li').count()).toBe(boxes)
    await figure.locator('svg a.transaction').first().click()
    await expect.poll(() => page.locator('#operation').isVisible()).toBe(true)
  })

  test('a narrow screen shows all of it without moving sideways', async () => {
    const page = await visit('wrong', { viewport: { width: 360, height: 740 } })
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
  })

  test('values with markup in them are text, in the table and in what is said of an operation', async () => {
    const evil = `</script><img src=x onerror="document.title='broken'">`
    const { record, checked } = wrong
    const events = record.history.events.map((event) =>
      event.f === 'read' ? { ...event, key: evil } : event,
    )
    const changed = { ...record, history: { ...record.history, events } }
    writeFileSync(join(directory, 'evil.html'), renderReport(changed, checked))
    const page = await visit('evil')
    await filterOf(page).getByLabel('Function').selectOption('read')
    await expect.poll(() => page.locator('#list tbody').textContent()).toContain('</script><img')
    await page.locator('#list tbody a').first().click()
    await expect.poll(() => page.locator('#operation').textContent()).toContain('</script><img')
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.title()).not.toBe('broken')
  })

  test('a hundred thousand operations open soon, in a small file, and follow the hand', async () => {
    const html = renderReport(largeRecord(100_000))
    expect(html.length).toBeLessThan(8e6)
    writeFileSync(join(directory, 'large.html'), html)
    const startMs = performance.now()
    const page = await visit('large')
    // Well under two seconds on an idle machine; tests share theirs.
    expect(performance.now() - startMs).toBeLessThan(15_000)
    expect(await found(page)).toBe('100\u202f000 operations')
    const drawMs = await page.evaluate<number>(`(async () => {
      const beganMs = performance.now()
      for (let i = 0; i < 5; i++) {
        document.querySelector('#zoom-in').click()
        await new Promise(requestAnimationFrame)
      }
      return (performance.now() - beganMs) / 5
    })()`)
    expect(drawMs).toBeLessThan(1_000)
    await filterOf(page).getByLabel('Key').fill('account/77')
    await expect.poll(() => found(page)).toMatch(/^300 of/)
    await page.locator('.summary a').first().click()
    await expect.poll(() => page.locator('#operation').textContent()).toContain('stale-read')
  })
})

const filterOf = (page: Page) => page.locator('#filter')

const found = (page: Page): Promise<string | null> => page.locator('#found').textContent()

const column = (page: Page, place: number): Promise<string[]> =>
  page.locator(`#list tbody td:nth-child(${place})`).allTextContents()

/** A canvas's pixels, as a text to compare. */
const pictureOf = (page: Page, selector: string): Promise<string> =>
  page.evaluate<string>(`document.querySelector('${selector}').toDataURL()`)

async function isInView(page: Page, selector: string): Promise<boolean> {
  const box = await page.locator(selector).boundingBox()
  return box !== null && box.y >= 0 && box.y < page.viewportSize()!.height
}
