import { backupPaths } from './backup-paths.ts'
import { faultPaths } from './fault-paths.ts'
import { keyPaths } from './key-paths.ts'
import { leasePaths } from './lease-paths.ts'
import { memberPaths } from './member-paths.ts'
import { nodePaths } from './node-paths.ts'
import type { Document } from './openapi.ts'
import { problemSchema } from './parts.ts'
import { watchPaths } from './watch-paths.ts'

/**
 * The HTTP interface as an OpenAPI 3.1 document. It is made of the schemas by which routes check their requests; a test
 * holds it to the routes there are, another one to what they answer.
 *
 * ```ts
 * JSON.stringify(openApiDocument('1.0.0'))
 * ```
 */
export function openApiDocument(version: string): Document {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Dure',
      version,
      summary: 'Keys and values of a replicated cluster, by any of its nodes.',
      description: [
        'Any node answers; a follower asks its leader. Every answer that is no success is a `Problem`: its `outcome` says',
        'whether what was asked certainly did not happen (`failed`) or may have (`unknown`). A parameter that does not exist',
        'is refused. So is what a page of another site asks, and a `Host` that is neither an IP address nor a name of the node',
        '(`--http-allowed-hosts`): 403. HEAD is answered as GET without its body; another method than those listed is 405.',
      ].join(' '),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The node that serves this document.' }],
    tags: [
      { name: 'keys', description: 'Keys, values and ranges of them.' },
      { name: 'leases', description: 'Keys that are gone when their holder is.' },
      { name: 'cluster', description: 'What a node says of itself and of its cluster.' },
      { name: 'members', description: 'Who belongs to the cluster, changed while it runs.' },
      { name: 'faults', description: 'Bad days on purpose, on nodes that were started with --allow-faults.' },
    ],
    paths: {
      ...nodePaths(),
      ...memberPaths(),
      ...keyPaths(),
      ...watchPaths(),
      ...leasePaths(),
      ...backupPaths(),
      ...faultPaths(),
    },
    components: { schemas: { Problem: problemSchema() } },
  }
}
