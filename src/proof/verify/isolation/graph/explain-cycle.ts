import { assert, unreachable } from '../../../../foundation/assert.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'
import { READ } from '../history/isolation-history.ts'
import type { IsolationLevel } from '../isolation-level.ts'
import type { StaleInitialRead } from '../weak/commit-constraints.ts'
import { type ChainGraph, type LabelledEdge, READS_FROM, SAME_CHAIN, shortestPath } from './chain-graph.ts'
import { type InferredEdges, type Nodes, OVERWRITTEN, READ_BEFORE, WRITE_CONFLICT } from './inferred-edges.ts'

const COLUMNS_MAX = 90
/** A reason may rest on others; more sentences than these help nobody. */
const REASONS_MAX = 16

export interface Explained {
  readonly explanation: string
  readonly drawing: string
  /** All transactions that are named, by number. */
  readonly transactions: readonly number[]
  readonly usesSessions: boolean
  /** The rules by which edges of the cycle, and of the reasons for them, were inferred. */
  readonly rules: ReadonlySet<number>
}

export interface Inferences {
  readonly history: IsolationHistory
  readonly nodes: Nodes
  readonly graph: ChainGraph
  readonly edges: InferredEdges
  readonly level: IsolationLevel
}

/** Why a cycle of edges that must all hold cannot be: a sentence for each edge, and those its reason rests on. */
export function explainCycle(inferences: Inferences, cycle: readonly LabelledEdge[]): Explained {
  return new Explanation(inferences).ofCycle(cycle)
}

/** Why a read of the initial state is too old. */
export function explainStaleInitialRead(inferences: Inferences, read: StaleInitialRead): Explained {
  return new Explanation(inferences).ofStaleInitialRead(read)
}

class Explanation {
  readonly #history: IsolationHistory
  readonly #nodes: Nodes
  readonly #graph: ChainGraph
  readonly #edges: InferredEdges
  readonly #level: IsolationLevel
  readonly #named = new Set<number>()
  readonly #keys = new Set<number>()
  readonly #rules = new Set<number>()
  readonly #owed: LabelledEdge[] = []
  readonly #told = new Set<number>()
  #usesSessions = false

  constructor(inferences: Inferences) {
    this.#history = inferences.history
    this.#nodes = inferences.nodes
    this.#graph = inferences.graph
    this.#edges = inferences.edges
    this.#level = inferences.level
  }

  ofCycle(cycle: readonly LabelledEdge[]): Explained {
    const edges = withoutRuns(cycle)
    const sentences = edges.map((edge) => this.#sentence(edge))
    const names = edges.map((edge) => this.#name(edge.from))
    const first = `No order of commits is possible: ${names.join(' → ')} → ${names[0]} would be a circle.`
    return this.#explained([first, ...sentences], this.#draw(edges))
  }

  ofStaleInitialRead({ reader, key, overwriter }: StaleInitialRead): Explained {
    this.#rules.add(OVERWRITTEN)
    const sentence = this.#overwritten(overwriter, this.#history.initial, reader, key, this.#edges.count)
    return this.#explained([sentence], this.#drawStale(reader, key, overwriter))
  }

  #explained(sentences: string[], drawing: string): Explained {
    for (let edge = this.#owed.shift(); edge !== undefined; edge = this.#owed.shift()) {
      if (this.#told.has(edge.label)) continue
      if (sentences.length >= REASONS_MAX) {
        sentences.push('More of the kind lies behind these.')
        break
      }
      sentences.push(`${this.#name(edge.from)} → ${this.#name(edge.to)}: ${this.#sentence(edge)}`)
    }
    return {
      explanation: sentences.join(' '),
      drawing,
      transactions: [...this.#named].filter((transaction) => transaction !== this.#history.initial),
      usesSessions: this.#usesSessions,
      rules: this.#rules,
    }
  }

  #sentence({ from, to, label }: LabelledEdge): string {
    const one = this.#nodes.transaction(from)
    const other = this.#nodes.transaction(to)
    switch (label) {
      case SAME_CHAIN:
        if (one === other) return `${this.#transaction(one)} takes its snapshot before it commits.`
        this.#usesSessions = true
        return `${this.#transaction(one)} comes before ${this.#transaction(other)} in ${this.#history.sessionName(one)}.`
      case READS_FROM:
        return `${this.#readsFrom(other, one)}.`
      default:
        this.#told.add(label)
        return this.#inferred(label, one, other)
    }
  }

  #inferred(label: number, one: number, other: number): string {
    const key = this.#edges.key(label)
    const third = this.#edges.third(label)
    const rule = this.#edges.rule(label)
    this.#rules.add(rule)
    switch (rule) {
      case OVERWRITTEN:
        return this.#overwritten(one, other, third, key, label)
      case READ_BEFORE: {
        const version =
          third === this.#history.initial
            ? 'nothing is before'
            : `${this.#transaction(other)} comes after${this.#because(this.#nodes.write(third), this.#nodes.write(other), label)}`
        return `${this.#reads(one, key, third)}, which ${version} and overwrites with ${this.#writes(other, key)}; so ${this.#transaction(one)} read before ${this.#transaction(other)} committed.`
      }
      case WRITE_CONFLICT: {
        const begins = this.#because(this.#nodes.read(one), this.#nodes.write(other), label)
        return `${this.#transaction(one)} (${this.#writes(one, key)}) and ${this.#transaction(other)} (${this.#writes(other, key)}) write the same key, so one had committed before the other began; ${this.#transaction(one)} began before ${this.#transaction(other)} committed${begins}, so it was first.`
      }
      default:
        throw new TypeError(`no rule ${rule}`)
    }
  }

  #overwritten(seen: number, writer: number, reader: number, key: number, label: number): string {
    const conclusion =
      writer === this.#history.initial
        ? 'but nothing commits before the initial state.'
        : `so ${this.#transaction(seen)} committed before ${this.#transaction(writer)}.`
    return `${this.#reads(reader, key, writer)}, and it must have seen ${this.#writes(seen, key)} of ${this.#transaction(seen)}${this.#howSeen(seen, reader, label)}: ${conclusion}`
  }

  /** How a reader came to see what another wrote. */
  #howSeen(seen: number, reader: number, label: number): string {
    const { sessionOf } = this.#history.arrays
    switch (this.#level) {
      case 'read-committed':
        return ` (before that ${this.#readsFrom(reader, seen)})`
      case 'read-atomic':
        if (sessionOf[seen] === sessionOf[reader] && seen < reader) {
          this.#usesSessions = true
          return ` (it comes before in ${this.#history.sessionName(seen)})`
        }
        return ` (${this.#readsFrom(reader, seen)})`
      case 'causal':
        return this.#because(this.#nodes.write(seen), this.#nodes.read(reader), 0)
      case 'prefix':
      case 'snapshot-isolation':
      case 'serializable':
        return this.#because(this.#nodes.write(seen), this.#nodes.read(reader), label)
      default:
        return unreachable(this.#level)
    }
  }

  /** The way from one node to another, by edges that were there before the one that rests on it. */
  #because(from: number, to: number, labelEnd: number): string {
    if (from === to) return ''
    const seen = new Set<number>()
    const { edges: path } = shortestPath(this.#graph, from, to, {
      enter: (node) => !seen.has(node) && seen.add(node) !== undefined,
      lengthMax: Number.POSITIVE_INFINITY,
      labelEnd,
    })
    assert(path !== undefined, 'what was inferred has a reason')
    const steps = withoutRunsInPath(path)
    const parts: string[] = []
    for (const edge of steps) {
      const one = this.#nodes.transaction(edge.from)
      const other = this.#nodes.transaction(edge.to)
      if (edge.label === READS_FROM) parts.push(this.#readsFrom(other, one))
      else if (edge.label === SAME_CHAIN && one === other) continue
      else if (edge.label === SAME_CHAIN) {
        this.#usesSessions = true
        parts.push(`${this.#transaction(one)} comes before ${this.#transaction(other)} in its session`)
      } else {
        parts.push(`${this.#name(edge.from)} → ${this.#name(edge.to)}`)
        this.#owed.push(edge)
      }
    }
    return parts.length === 0 ? '' : ` (${parts.join(', ')})`
  }

  #readsFrom(reader: number, writer: number): string {
    const { readStart, readKey, readWriter } = this.#history.arrays
    for (let at = readStart[reader]!; at < readStart[reader + 1]!; at++) {
      if (readWriter[at] === writer) return this.#reads(reader, readKey[at]!, writer)
    }
    throw new TypeError('a read is there')
  }

  #reads(reader: number, key: number, writer: number): string {
    this.#keys.add(key)
    const name = this.#history.keyName(key)
    if (writer === this.#history.initial) {
      return `${this.#transaction(reader)} read the initial state of ${name}`
    }
    return `${this.#transaction(reader)} read ${name} = ${this.#history.written(writer, key)} of ${this.#transaction(writer)}`
  }

  #writes(writer: number, key: number): string {
    this.#keys.add(key)
    return `${this.#history.keyName(key)} = ${this.#history.written(writer, key)}`
  }

  #transaction(transaction: number): string {
    this.#named.add(transaction)
    return this.#history.transactionName(transaction)
  }

  #name(node: number): string {
    const name = this.#transaction(this.#nodes.transaction(node))
    if (!this.#nodes.split) return name
    return (node & 1) === 0 ? `${name}'s snapshot` : `${name}'s commit`
  }

  #draw(edges: readonly LabelledEdge[]): string {
    const lines: string[] = []
    for (const { from, to, label } of edges) {
      lines.push(`  ${this.#name(from)}${this.#operations(this.#nodes.transaction(from))}`)
      lines.push(`   │ ${this.#shortReason(from, to, label)}`)
      lines.push('   ▼')
    }
    lines.push(`  ${this.#name(edges[0]!.from)}, again`)
    return lines.map(clipped).join('\n')
  }

  #drawStale(reader: number, key: number, overwriter: number): string {
    return [
      `  ${this.#transaction(overwriter)}${this.#operations(overwriter)}`,
      '   │ seen by',
      '   ▼',
      `  ${this.#transaction(reader)}${this.#operations(reader)}`,
      `        reads ${this.#history.keyName(key)} as it was before all`,
    ]
      .map(clipped)
      .join('\n')
  }

  #shortReason(from: number, to: number, label: number): string {
    const one = this.#nodes.transaction(from)
    const other = this.#nodes.transaction(to)
    if (label === SAME_CHAIN) return one === other ? 'the same transaction' : `session order`
    if (label === READS_FROM) return `read by ${this.#history.transactionName(other)}`
    const third = this.#history.transactionName(this.#edges.third(label))
    const key = this.#history.keyName(this.#edges.key(label))
    switch (this.#edges.rule(label)) {
      case OVERWRITTEN:
        return `overwritten in ${key}: ${third} saw the former, and read the latter`
      case READ_BEFORE:
        return `read ${key} of ${third}, which the next overwrites`
      default:
        return `both write ${key}, and the former began first`
    }
  }

  /** What a transaction did to the keys in question. */
  #operations(transaction: number): string {
    if (transaction === this.#history.initial) return ''
    const { operationStart, kind, key, value } = this.#history.arrays
    const parts: string[] = []
    for (let at = operationStart[transaction]!; at < operationStart[transaction + 1]!; at++) {
      if (!this.#keys.has(key[at]!)) continue
      const verb = kind[at] === READ ? 'r' : 'w'
      const part = `${verb} ${this.#history.keyName(key[at]!)} ${this.#history.valueName(value[at]!)}`
      if (!parts.includes(part)) parts.push(part)
    }
    return parts.length === 0 ? '' : `: ${parts.join(', ')}`
  }
}

function clipped(line: string): string {
  return line.length <= COLUMNS_MAX ? line : `${line.slice(0, COLUMNS_MAX - 1)}…`
}

/** Steps through one session become one. A cycle may begin anywhere: it is turned so that no run crosses its end. */
function withoutRuns(cycle: readonly LabelledEdge[]): LabelledEdge[] {
  const turn = cycle.findIndex((edge) => edge.label !== SAME_CHAIN)
  assert(turn >= 0, 'a session is no circle')
  return withoutRunsInPath([...cycle.slice(turn), ...cycle.slice(0, turn)])
}

function withoutRunsInPath(path: readonly LabelledEdge[]): LabelledEdge[] {
  const merged: LabelledEdge[] = []
  for (const edge of path) {
    const last = merged.at(-1)
    if (last !== undefined && last.label === SAME_CHAIN && edge.label === SAME_CHAIN) {
      merged[merged.length - 1] = { from: last.from, to: edge.to, label: SAME_CHAIN }
    } else merged.push(edge)
  }
  return merged
}
