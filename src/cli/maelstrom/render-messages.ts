import type { MessageCounts } from '../../proof/maelstrom/network/message-statistics.ts'
import type { MaelstromRun } from '../../proof/maelstrom/run/run-maelstrom-test.ts'
import { formatCount } from '../output/format.ts'
import type { Style } from '../output/style.ts'
import { type Column, renderTable } from '../output/table.ts'
import { formatLatency } from '../test/output/render-test.ts'
import { spreadLatency } from './results.ts'

const INDENT = '  '

/** How many messages a run took, and how much of what was asked was done. */
export function renderMessages(run: MaelstromRun, style: Style): string {
  const { messages, messagesPerCall, availability } = run
  const columns: readonly Column[] = [
    { title: 'MESSAGES', align: 'left' },
    ...['SENT', 'RECEIVED', 'PER CALL'].map((title) => ({ title, align: 'right' }) as const),
  ]
  const row = (name: string, { sent, received }: MessageCounts, perCall: number | undefined) => [
    { text: name },
    { text: formatCount(sent) },
    { text: formatCount(received) },
    { text: perCall === undefined ? '' : perCall.toFixed(1) },
  ]
  const table = renderTable(
    columns,
    [
      row('all', messages.all, messagesPerCall?.all),
      row('of clients', messages.clients, undefined),
      row('of nodes', messages.servers, messagesPerCall?.servers),
    ],
    style,
  )
  const part = `${Math.floor(availability.found * 1_000) / 10} % of the calls were acknowledged`
  const asked = availability.asked === undefined ? '' : `, ${availability.asked * 100} % were asked for`
  const spread = spreadLatency(run)
  const lines = [
    ...table.trimEnd().split('\n'),
    '',
    part + asked,
    ...(spread === undefined
      ? []
      : [
          `an element was in every read after ${formatLatency(spread.median)} (median), ${formatLatency(spread.greatest)} at most`,
        ]),
  ]
  return `${lines.map((line) => (line === '' ? '' : INDENT + line)).join('\n')}\n`
}
