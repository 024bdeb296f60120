import { memberBody, memberCallQuery, memberForcibleQuery } from '../member-routes.ts'
import * as answers from './answers.ts'
import type { Paths } from './openapi.ts'
import { json, localProblems, pathParameter, problems, queryParameters, schemaOf } from './parts.ts'

const tags = ['members']
const id = pathParameter('id', 'The number of the node.', { type: 'integer', minimum: 1, maximum: 65_535 })

export const memberPaths = (): Paths => ({
  '/v1/members': {
    get: {
      tags,
      operationId: 'listMembers',
      summary: 'Who belongs to the cluster.',
      responses: { 200: json('As this node sees it.', answers.members), ...localProblems() },
    },
    post: {
      tags,
      operationId: 'addMember',
      summary: 'Adds a learner: it copies everything and decides nothing. Then start its node with --join.',
      parameters: queryParameters(memberCallQuery),
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(memberBody, 'input') } },
      },
      responses: { 200: json('It is a member.', answers.addedMember), ...problems(400, 413) },
    },
  },
  '/v1/members/{id}': {
    parameters: [id],
    delete: {
      tags,
      operationId: 'removeMember',
      summary: 'Removes a member for good, the leader too.',
      parameters: queryParameters(memberForcibleQuery),
      responses: { 200: json('It is a member no more.', answers.removedMember), ...problems(400) },
    },
  },
  '/v1/members/{id}/promote': {
    parameters: [id],
    post: {
      tags,
      operationId: 'promoteMember',
      summary: 'Makes a learner that has caught up a voter.',
      parameters: queryParameters(memberForcibleQuery),
      responses: { 200: json('It is a voter.', answers.promotedMember), ...problems(400) },
    },
  },
})
