import { decodeCommand } from '../../../wire/command/codec.ts'
import type { Command } from '../../../wire/command/command.ts'
import type { ErrorResponse, Request, Response } from '../../../wire/parcel/parcel.ts'
import type { OpenWatch, Transport, WatchReceiver } from '../transport.ts'

/** A watch as the node would see it. */
export interface ScriptedWatch {
  readonly request: Extract<Request, { kind: 'watch' }>
  readonly received: WatchReceiver
  readonly ended: (reason: ErrorResponse) => void
  allowedBytes: number
  isOver: boolean
  wasSilent: boolean
}

/** Requests wait here until the test answers them. */
export class ScriptedTransport implements Transport {
  readonly waiting: {
    readonly request: Request
    readonly timeoutMs: number
    done(response: Response): void
  }[] = []
  readonly watches: ScriptedWatch[] = []

  request(request: Request, timeoutMs: number, done: (response: Response) => void): void {
    this.waiting.push({ request, timeoutMs, done })
  }

  watch(
    request: ScriptedWatch['request'],
    received: ScriptedWatch['received'],
    ended: ScriptedWatch['ended'],
  ): OpenWatch {
    const watch = {
      request,
      received,
      ended,
      allowedBytes: request.windowBytes,
      isOver: false,
      wasSilent: false,
    }
    this.watches.push(watch)
    return {
      allow: (allowedBytes) => {
        watch.allowedBytes = allowedBytes
      },
      end: (isSilent = false) => {
        watch.isOver = true
        watch.wasSilent = isSilent
      },
    }
  }

  close(): void {}

  answer(response: Response): void {
    this.waiting.shift()!.done(response)
  }

  get commands(): readonly Command[] {
    return this.waiting.flatMap(({ request }) =>
      request.kind === 'command' ? [decodeCommand(request.command)] : [],
    )
  }
}
