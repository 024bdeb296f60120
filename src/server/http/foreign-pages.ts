import { isIP } from 'node:net'
import type { Context, MiddlewareHandler } from 'hono'
import type { OnNode } from './environment.ts'
import { answerForbidden } from './refusals.ts'

/**
 * Refuses what pages of other sites ask through the browser of somebody who reaches this node. Nothing else stands between
 * such a page and a node that has no passwords; a person who follows a link, and whatever is no browser, is served.
 *
 * ```ts
 * application.use(refuseForeignPages(['db.internal']))
 * ```
 *
 * A page can point its own name at 127.0.0.1 (DNS rebinding), and is then of one origin with the node: only `Host` tells,
 * which is that name. Addresses need no list, because nobody points an address elsewhere. Without that trick a page sends
 * its `Origin`, and browsers say with `Sec-Fetch-Site` where a request comes from (Fetch Metadata Request Headers, W3C).
 */
export function refuseForeignPages(hostNames: readonly string[]): MiddlewareHandler<OnNode> {
  const ours = new Set(hostNames)
  return async (c, next) => {
    const reason = refusedBecause(c, ours)
    return reason === undefined ? next() : answerForbidden(c, reason)
  }
}

function refusedBecause(c: Context<OnNode>, ours: ReadonlySet<string>): string | undefined {
  // Health checks in HTTP/1.0 have none; every browser sends it.
  const host = c.req.header('host')?.toLowerCase()
  if (host !== undefined && !isOurs(nameOf(host), ours)) {
    const name = JSON.stringify(nameOf(host))
    return `the request is for the host ${name}, which is no name of this node: use its IP address, or start it with --http-allowed-hosts`
  }
  const origin = c.req.header('origin')
  if (origin !== undefined && authorityOf(origin) !== host) {
    return `the request comes from a page of ${JSON.stringify(origin)}, and pages of other origins are not served: ask from a program, or through a server of that page`
  }
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !followsLink(c)) {
    return `the request comes from a page elsewhere (Sec-Fetch-Site ${JSON.stringify(site)}), which may only link to this node: ask from a program`
  }
  return undefined
}

/** Only shown to the person: the page does not see what comes. */
const followsLink = (c: Context<OnNode>): boolean =>
  (c.req.method === 'GET' || c.req.method === 'HEAD') && c.req.header('sec-fetch-mode') === 'navigate'

/** Without port, brackets, and the dot that may end a name. */
const nameOf = (host: string): string =>
  host
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')

/** `localhost` and all below it are this machine in every browser (RFC 6761, 6.3). */
const isOurs = (name: string, ours: ReadonlySet<string>): boolean =>
  isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || ours.has(name)

const authorityOf = (origin: string): string | undefined =>
  /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1]
