import { type ConsistencyModel, consistencyModels, impliedDirectly, modelTitle } from './consistency-model.ts'

/** Where a history stands in the lattice of consistency models. */
export interface ModelStanding {
  /** What the history contradicts, weakest first: everything above `weakestViolated` too. */
  readonly violated: readonly ConsistencyModel[]
  /** What it contradicts at the least: each of these, and with it everything above. */
  readonly weakestViolated: readonly ConsistencyModel[]
  /** What it does not contradict, at the most. That is no proof that the store promises as much. */
  readonly strongestPossible: readonly ConsistencyModel[]
}

/**
 * The standing of a history that contradicts each of `ruledOut`. Models that the check did not examine are left out of
 * `strongestPossible`; all are examined unless said.
 *
 * ```ts
 * const standing = modelStanding(['snapshot-isolation'])
 * standing.weakestViolated   // ['snapshot-isolation']
 * standing.strongestPossible // ['causal', 'parallel-snapshot-isolation', 'repeatable-read' …]
 * ```
 */
export function modelStanding(
  ruledOut: Iterable<ConsistencyModel>,
  examined: (model: ConsistencyModel) => boolean = () => true,
): ModelStanding {
  const violated = new Set<ConsistencyModel>(ruledOut)
  // Weakest first: a model that implies a violated one is violated.
  for (const model of consistencyModels) {
    if (impliedDirectly(model).some((weaker) => violated.has(weaker))) violated.add(model)
  }
  const possible = consistencyModels.filter((model) => !violated.has(model) && examined(model))
  const below = new Set<ConsistencyModel>()
  for (const model of possible) for (const weaker of impliedModels(model)) below.add(weaker)
  return {
    violated: consistencyModels.filter((model) => violated.has(model)),
    weakestViolated: weakestModels(violated),
    strongestPossible: possible.filter((model) => !below.has(model)),
  }
}

/** Every model that this one implies, itself not among them. */
export function impliedModels(model: ConsistencyModel): ReadonlySet<ConsistencyModel> {
  return implied.get(model)!
}

const implied: ReadonlyMap<ConsistencyModel, ReadonlySet<ConsistencyModel>> = closure()

function closure(): Map<ConsistencyModel, ReadonlySet<ConsistencyModel>> {
  const all = new Map<ConsistencyModel, ReadonlySet<ConsistencyModel>>()
  // Weakest first: what each implies is known when a stronger one asks.
  for (const model of consistencyModels) {
    const next = impliedDirectly(model)
    all.set(model, new Set([...next, ...next.flatMap((weaker) => [...all.get(weaker)!])]))
  }
  return all
}

/** Those of the models that imply no other of them. */
function weakestModels(models: Iterable<ConsistencyModel>): ConsistencyModel[] {
  const all = new Set(models)
  return consistencyModels.filter(
    (model) => all.has(model) && ![...impliedModels(model)].some((weaker) => all.has(weaker)),
  )
}

/** Whether a history that violates each of `ruledOut` violates `model`. */
export function isViolated(model: ConsistencyModel, ruledOut: Iterable<ConsistencyModel>): boolean {
  const weaker = impliedModels(model)
  for (const each of ruledOut) if (each === model || weaker.has(each)) return true
  return false
}

/** `violates snapshot isolation and everything above it; satisfies read atomic`. */
export function describeStanding({ weakestViolated, strongestPossible }: ModelStanding): string {
  const satisfied = strongestPossible.map(modelTitle)
  if (weakestViolated.length === 0) return `satisfies ${listed(satisfied)}`
  const above = weakestViolated.length === 1 ? 'everything above it' : 'everything above them'
  const violates = `violates ${listed(weakestViolated.map(modelTitle))} and ${above}`
  return satisfied.length === 0 ? violates : `${violates}; satisfies ${listed(satisfied)}`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length <= 1) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
