import { z } from 'zod'
import type { Rpc } from '../client/rpc.ts'

/** A request that is answered by `<type>_ok`, with these fields. */
export function rpc<Fields extends z.ZodRawShape>(
  type: string,
  fields: Fields,
  described = '',
): Rpc<z.infer<z.ZodObject<Fields>>> {
  const okType = `${type}_ok`
  return {
    type,
    expected: `{"type": "${okType}", "in_reply_to": …${described === '' ? '' : `, ${described}`}}, or {"type": "error", "code": …, "text": "…"}`,
    reply: z.looseObject({ type: z.literal(okType), ...fields }) as unknown as z.ZodType<
      z.infer<z.ZodObject<Fields>>
    >,
  }
}

/** Anything that JSON can say, and it must be there. */
export const anything = z.any().refine((value) => value !== undefined, 'it is missing')
