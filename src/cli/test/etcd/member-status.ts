export interface MemberStatus {
  /** In hexadecimal, as etcd writes it. */
  readonly id: string
  readonly leaderId: string
  readonly term: number
  readonly version: string
}

/** What one member says of itself, by etcd's JSON gateway. Rejects when it does not answer in time. */
export async function memberStatus(endpoint: string, timeoutMs: number): Promise<MemberStatus> {
  const response = await fetch(`http://${endpoint}/v3/maintenance/status`, {
    method: 'POST',
    body: '{}',
    signal: AbortSignal.timeout(timeoutMs),
  })
  if (!response.ok) throw new Error(`${endpoint} answered ${response.status}`)
  const { header, leader, raftTerm, version } = (await response.json()) as {
    readonly header: { readonly member_id: string }
    /** Left out while there is none. */
    readonly leader?: string
    readonly raftTerm?: string
    readonly version: string
  }
  return {
    id: inHexadecimal(header.member_id),
    leaderId: inHexadecimal(leader ?? '0'),
    term: Number(raftTerm ?? 0),
    version,
  }
}

const inHexadecimal = (decimal: string): string => BigInt(decimal).toString(16)
