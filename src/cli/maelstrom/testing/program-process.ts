import { createInterface } from 'node:readline'
import { ProgramNode } from '../../../proof/maelstrom/testing/program-node.ts'
import { programs } from '../../../proof/maelstrom/testing/programs/catalogue.ts'

/** `node program-process.ts lin-kv [--wrong]`: one of the programs for tests, as a process of its own. */
const [name, wrong] = process.argv.slice(2)
const node = new ProgramNode({
  random: {
    next: Math.random,
    integer: (min, max) => min + Math.floor(Math.random() * (max - min + 1)),
    id: () => Math.floor(Math.random() * 2 ** 52),
  },
  timer(delayMs, fire) {
    const timeout = setTimeout(fire, delayMs)
    return { cancel: () => clearTimeout(timeout) }
  },
  write: (line) => process.stdout.write(`${line}\n`),
})
programs[name!]!(node, wrong === '--wrong')
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => node.receive(line))
lines.on('close', () => process.exit(0))
