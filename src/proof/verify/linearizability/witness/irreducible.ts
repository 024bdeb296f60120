/**
 * The fewest of some claims that still contradict each other, in the sense that without any one of them there is no
 * contradiction: for claims of which more contradict each other only more (Junker 2004, with a search by doubling for
 * each claim that is needed).
 *
 * `contradict` answers undefined when it cannot tell; that counts as no, and the result may be too large then.
 */
export function irreducible<Claim>(
  needed: readonly Claim[],
  others: readonly Claim[],
  contradict: (claims: readonly Claim[]) => boolean | undefined,
): { readonly claims: readonly Claim[]; readonly isIrreducible: boolean } {
  const claims = [...needed]
  let rest = others
  let isIrreducible = true
  const contradictWith = (count: number): boolean => {
    const answer = contradict([...claims, ...rest.slice(0, count)])
    if (answer === undefined) isIrreducible = false
    return answer === true
  }
  // The first `rest.length` of the rest are known to be enough, the first `low` known not to be.
  while (!contradictWith(0)) {
    if (rest.length === 0) break
    let low = 0
    let high = 1
    while (high < rest.length && !contradictWith(high)) {
      low = high
      high *= 2
    }
    high = Math.min(high, rest.length)
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (contradictWith(middle)) high = middle
      else low = middle
    }
    claims.push(rest[high - 1]!)
    rest = rest.slice(0, high - 1)
  }
  return { claims, isIrreducible }
}
