/**
 * Where the leader is, from a node's status; undefined when it does not say. It came from another process, perhaps of
 * another version: whatever is not as expected says nothing.
 */
export function leaderAddressIn(status: string): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(status)
  } catch {
    return undefined
  }
  const leader = fieldOf(parsed, 'leader_id')
  const members = fieldOf(parsed, 'members')
  if (typeof leader !== 'number' || !Array.isArray(members)) return undefined
  const address = fieldOf(
    members.find((member) => fieldOf(member, 'node_id') === leader),
    'peer_address',
  )
  return typeof address === 'string' && address !== '' ? address : undefined
}

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
