import type { Program } from '../program-node.ts'

/** Wrong: now and then what somebody else said. */
export const echo: Program = (node, isWrong) => {
  let last: unknown = 'nothing'
  node.on('echo', ({ body }) => {
    const said = isWrong && node.world.random.next() < 0.1 ? last : body.echo
    last = `${body.echo}!`
    return { type: 'echo_ok', echo: said }
  })
}

/** Wrong: two nodes give the same numbers. */
export const uniqueIds: Program = (node, isWrong) => {
  let count = 0
  node.on('generate', () => {
    const id = count++
    return { type: 'generate_ok', id: isWrong ? id : `${node.id}-${id}` }
  })
}
