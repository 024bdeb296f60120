import type { MaelstromRun } from '../../proof/maelstrom/run/run-maelstrom-test.ts'

/** What `results.json` and `--json` say of a run beyond what all tests have. */
export function maelstromResults({ availability, messages, messagesPerCall, problems }: MaelstromRun) {
  return { availability, messages, messagesPerCall, problems }
}
