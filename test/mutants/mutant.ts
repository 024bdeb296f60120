import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FaultKind, faultKinds } from '../../src/proof/simulation/scenario-options.ts'

const scenarioNames = [
  'standing',
  'conflicting log',
  'partial connectivity',
  'saturated leader',
  'slow disk',
  'snapshot replaces memory',
  'votes on their way',
] as const
export type ScenarioName = (typeof scenarioNames)[number]

/** A known bug: a patch to the source that is never shipped, and what is claimed about it. */
export interface Mutant {
  /** Of the pitfall, two digits. */
  readonly number: string
  readonly name: string
  readonly title: string
  readonly bug: string
  /** Which real system had it. */
  readonly seenIn: string
  /** What finds it: the standing scenario, or a drill. */
  readonly scenario: ScenarioName
  /** With all of these switched off it must not be found. */
  readonly faults: readonly FaultKind[]
  /** What is expected to break, for the reader. */
  readonly breaks: string
  readonly patch: string
}

const folder = import.meta.dirname

export function readMutants(): Mutant[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.patch'))
    .sort()
    .map((file) => readMutant(file, readFileSync(join(folder, file), 'utf8')))
}

/** A patch begins with lines `name: value`; a value goes on in indented lines. An empty line ends them. */
export function readMutant(file: string, text: string): Mutant {
  const end = text.indexOf('\n\n')
  const fields = new Map<string, string>()
  for (const line of text.slice(0, end).replaceAll('\n  ', ' ').split('\n')) {
    const colon = line.indexOf(': ')
    fields.set(line.slice(0, colon), line.slice(colon + 2))
  }
  const field = (name: string): string => {
    const value = fields.get(name)
    if (value === undefined) throw new Error(`${file} has no line "${name}: …" before its patch`)
    return value
  }
  const [, number, name] = /^(\d\d)-(.+)\.patch$/.exec(file) ?? []
  if (number === undefined || name === undefined)
    throw new Error(`${file} is not named like 04-some-bug.patch`)
  return {
    number,
    name,
    title: field('title'),
    bug: field('bug'),
    seenIn: field('seen in'),
    scenario: oneOf(scenarioNames, field('scenario'), file),
    faults: field('faults')
      .split(' ')
      .map((fault) => oneOf(faultKinds, fault, file)),
    breaks: field('breaks'),
    patch: text.slice(end + 2),
  }
}

function oneOf<Name extends string>(names: readonly Name[], asked: string, file: string): Name {
  const found = names.find((name) => name === asked)
  if (found === undefined) throw new Error(`${file} says ${asked}, which is none of ${names.join(', ')}`)
  return found
}
