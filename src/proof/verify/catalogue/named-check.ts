import { DureError } from '../../../foundation/errors.ts'
import type { HistoryValue } from '../history/event.ts'
import type { HistoryOrigin, RecordedHistory } from '../history/recorded-history.ts'
import { formatValue } from '../history/value/format-value.ts'
import { type IsolationLevel, parseIsolationLevel } from '../isolation/isolation-level.ts'
import {
  type ConsistencyModel,
  parseConsistencyModel,
} from '../transactions/consistency/consistency-model.ts'
import {
  type CheckFamily,
  type CheckName,
  type CheckSetting,
  checkNames,
  checks,
  describeCheck,
  keyed,
  type SharedOption,
} from './checks.ts'
import { suggest } from './suggest.ts'

/** What is asked of a history, in words. */
export interface CheckRequest {
  /** A name of the catalogue; what the origin of the history implies unless said. */
  readonly model?: CheckName | (string & {})
  /** What transactions claim; `serializable` unless said. */
  readonly consistency?: ConsistencyModel | IsolationLevel | (string & {})
  /** What was there before the first event; as the tool that recorded it means it unless said. */
  readonly initial?: HistoryValue
  /** What a read that returned nil says: that there was nothing, or nothing at all. By the tool unless said. */
  readonly nilRead?: 'absent' | 'any'
  /** Options of the check itself, by name: `{ total: 100 }` for `bank`. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** A request that was understood: the check is known and takes all that it was told. */
export interface NamedCheck extends CheckRequest {
  readonly name: CheckName
  readonly family: CheckFamily
}

/** What a file is of when its form leaves no choice. */
const impliedBy: Readonly<Partial<Record<HistoryOrigin, CheckName>>> = {
  isolation: 'isolation',
  porcupine: 'key-value',
  'jepsen-log': 'cas-register',
}

/**
 * Finds the check that a request means. Errors: `invalid`, naming what is known, for an unknown model or level, and for an
 * option that this check does not take.
 */
export function nameCheck(request: CheckRequest, { origin }: Pick<RecordedHistory, 'origin'>): NamedCheck {
  const name = nameOf(request.model, origin)
  const { family, takes } = describeCheck(name)
  const given = Object.entries(request).filter(([, value]) => value !== undefined)
  for (const [option] of given) {
    if (option in flags && !takes.includes(option as SharedOption)) refuseOption(name, option as SharedOption)
  }
  if (request.consistency !== undefined) requireLevel(family, request.consistency)
  requireInitial(name, request.initial)
  requireSettings(name, request.settings ?? {})
  const claim = family === 'transactions' ? { consistency: 'serializable' } : {}
  return { ...claim, ...Object.fromEntries(given), name, family }
}

function nameOf(model: string | undefined, origin: HistoryOrigin): CheckName {
  const name = model ?? impliedBy[origin]
  if (name === undefined) {
    throw new DureError(
      'invalid',
      `what is this history of? Say it with --model (the option model): ${listChecks()}`,
    )
  }
  if (isCheckName(name)) return name
  const meant = suggest(name, checkNames)
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
  throw new DureError(
    'invalid',
    `no model is called ${JSON.stringify(name)}.${hint} The known ones: ${listChecks()}`,
  )
}

const isCheckName = (name: string): name is CheckName => Object.hasOwn(checks, name)

/** On a line each, for messages and help. */
export function listChecks(): string {
  const width = Math.max(...checkNames.map(({ length }) => length))
  return checkNames.map((name) => `\n  ${name.padEnd(width)}  ${checks[name].about}`).join('')
}

/** The options that single checks have, on a line each, for help. */
export function listSettings(): string {
  const lines = checkNames.flatMap((name) =>
    Object.entries(describeCheck(name).settings ?? {})
      .filter(([, setting]) => setting !== keyed.keyed)
      .map((setting) => settingLine(`${name} `, setting)),
  )
  const withKeys = checkNames.filter((name) => describeCheck(name).settings?.keyed === keyed.keyed)
  lines.push(settingLine('', ['keyed', keyed.keyed]), ['', `of ${withKeys.slice(0, 6).join(', ')},`])
  for (let at = 6; at < withKeys.length; at += 6)
    lines.push(['', withKeys.slice(at, at + 6).join(', ') + (at + 6 < withKeys.length ? ',' : '')])
  const width = Math.max(...lines.map(([option]) => option.length))
  return lines.map(([option, about]) => `\n  ${option.padEnd(width)}  ${about}`).join('')
}

const settingLine = (of: string, [name, { type, about }]: [string, CheckSetting]): [string, string] => [
  `${of}${name}=<${typeof type === 'string' ? type : type.join('|')}>`,
  about,
]

const flags: Readonly<Record<SharedOption, string>> = {
  consistency: '--consistency',
  initial: '--initial',
  nilRead: '--nil-read',
}

function refuseOption(name: CheckName, option: SharedOption): never {
  const takers = checkNames.filter((each) => describeCheck(each).takes.includes(option))
  throw new DureError(
    'invalid',
    `${name} takes no ${flags[option]}; these do: ${takers.join(', ')}. Leave it out.`,
  )
}

function requireLevel(family: CheckFamily, level: string): void {
  if (family === 'isolation') parseIsolationLevel(level)
  else parseConsistencyModel(level)
}

function requireInitial(name: CheckName, initial: HistoryValue | undefined): void {
  const { initial: type } = describeCheck(name)
  if (type === undefined || initial === undefined || typeof initial === type) return
  throw new DureError('invalid', `${name} begins with a ${type}, and --initial is ${formatValue(initial)}`)
}

function requireSettings(name: CheckName, settings: Readonly<Record<string, unknown>>): void {
  const known = describeCheck(name).settings ?? {}
  for (const [setting, value] of Object.entries(settings)) {
    if (!Object.hasOwn(known, setting)) {
      const names = Object.keys(known)
      const which = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`
      throw new DureError('invalid', `${name} has no option ${JSON.stringify(setting)}: ${which}`)
    }
    const { type } = known[setting]!
    const fits = typeof type === 'string' ? typeof value === type : type.includes(value as string)
    if (fits) continue
    const expected = typeof type === 'string' ? `a ${type}` : `one of ${type.join(', ')}`
    throw new DureError(
      'invalid',
      `the option ${setting} of ${name} is ${formatValue(value as HistoryValue)}: use ${expected}`,
    )
  }
}
