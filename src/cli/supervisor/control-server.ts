import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { DureError } from '../../foundation/errors.ts'
import {
  type ControlRequest,
  type ControlResponse,
  controlRequest,
  REQUEST_BYTES_MAX,
} from './control-protocol.ts'

/**
 * Listens for the command line. The directory is locked by then, so a socket that lies there is what a supervisor left that
 * died.
 */
export async function listenForControl(
  address: string,
  handle: (request: ControlRequest) => Promise<ControlResponse>,
): Promise<Server> {
  if (!address.startsWith('\\\\')) rmSync(address, { force: true })
  const server = createServer((socket) => serve(socket, handle))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new DureError('data-directory', `the control socket ${address} cannot be made: ${cause.message}`, {
          cause,
        }),
      )
    })
    // The socket is for its owner alone, from its first moment.
    const before = process.umask(0o077)
    server.listen(address, resolve)
    process.umask(before)
  })
  return server
}

function serve(socket: Socket, handle: (request: ControlRequest) => Promise<ControlResponse>): void {
  let received = ''
  socket.setEncoding('utf8')
  // Whoever asked and went away hears nothing; that harms nobody.
  socket.on('error', () => socket.destroy())
  socket.on('data', (text: string) => {
    received += text
    const end = received.indexOf('\n')
    if (end === -1) {
      if (received.length > REQUEST_BYTES_MAX) socket.destroy()
      return
    }
    socket.pause()
    void answer(received.slice(0, end), handle).then((response) =>
      socket.end(`${JSON.stringify(response)}\n`),
    )
  })
}

async function answer(
  line: string,
  handle: (request: ControlRequest) => Promise<ControlResponse>,
): Promise<ControlResponse> {
  let request: ControlRequest
  try {
    request = controlRequest.parse(JSON.parse(line))
  } catch {
    return {
      ok: false,
      code: 'invalid',
      message: 'the supervisor does not know this command: it may be of another version',
    }
  }
  try {
    return await handle(request)
  } catch (error) {
    const code = error instanceof DureError && error.code === 'invalid' ? 'invalid' : 'unavailable'
    return { ok: false, code, message: (error as Error).message }
  }
}
