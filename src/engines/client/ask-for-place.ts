import type { ChangePlace } from '../../wire/parcel/parcel.ts'
import { type Call, unexpected } from './call.ts'

/** Ends the call with the place of now: after everything that finished before it. */
export function askForPlace(call: Call<ChangePlace>): void {
  call.send(
    () => ({ kind: 'cursor' }),
    (response) =>
      response.status === 'cursor' ? call.succeed(response.place) : call.fail(unexpected(response)),
  )
}
