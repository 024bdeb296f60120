import { Hono } from 'hono'
import type { OnNode, Served } from './environment.ts'
import { openApiDocument } from './openapi/document.ts'
import { answerMethodNotAllowed } from './refusals.ts'

const PATH = '/v1/openapi.json'

/** `/v1/openapi.json`: this interface, for programs that read about it. Made when it is first asked for. */
export function openApiRoute({ node }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()
  let document: string | undefined
  routes.get(PATH, (c) => {
    document ??= JSON.stringify(openApiDocument(node.status().version))
    c.header('content-type', 'application/json')
    return c.body(document)
  })
  routes.all(PATH, (c) => answerMethodNotAllowed(c, 'GET, HEAD'))
  return routes
}
