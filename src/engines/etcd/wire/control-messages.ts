import { FieldReader } from './field-reader.ts'
import { decodeHeader, type Header, noHeader } from './header.ts'
import { MessageWriter } from './message-writer.ts'

/** `AuthenticateRequest { name = 1, password = 2 }`. */
export const encodeAuthenticate = (name: string, password: string): Buffer =>
  new MessageWriter(name.length + password.length).string(2, password).string(1, name).finish()

/** `AuthenticateResponse { header = 1, token = 2 }`. */
export function decodeToken(message: Uint8Array): string {
  const reader = new FieldReader(message)
  while (reader.next()) if (reader.field === 2) return reader.text
  throw new Error('an AuthenticateResponse without a token')
}

/** `StatusRequest {}`. */
export const encodeStatus = (): Buffer => new MessageWriter(0).finish()

/** `StatusResponse { header = 1, version = 2, … }`: the server's version. */
export function decodeServerVersion(message: Uint8Array): string {
  const reader = new FieldReader(message)
  while (reader.next()) if (reader.field === 2) return reader.text
  throw new Error('a StatusResponse without a version')
}

/** `LeaseGrantRequest { TTL = 1, ID = 2 }`. */
export const encodeLeaseGrant = (id: number, ttlSeconds: number): Buffer =>
  new MessageWriter(0).number(2, id).number(1, ttlSeconds).finish()

/** `LeaseRevokeRequest { ID = 1 }`. */
export const encodeLeaseRevoke = (id: number): Buffer => new MessageWriter(0).number(1, id).finish()

/** `LeaseKeepAliveRequest { ID = 1 }`. */
export const encodeKeepAlive = (id: number): Buffer => new MessageWriter(0).number(1, id).finish()

export interface LeaseAnswer {
  readonly header: Header
  readonly id: number
  /** Of a keep-alive: 0 when there is no such lease. */
  readonly ttlSeconds: number
}

/** `LeaseGrantResponse` and `LeaseKeepAliveResponse { header = 1, ID = 2, TTL = 3 }`. */
export function decodeLeaseAnswer(message: Uint8Array): LeaseAnswer {
  const reader = new FieldReader(message)
  let header = noHeader
  let id = 0
  let ttlSeconds = 0
  while (reader.next()) {
    if (reader.field === 1) header = decodeHeader(reader.bytes)
    else if (reader.field === 2) id = reader.number
    else if (reader.field === 3) ttlSeconds = reader.number
  }
  return { header, id, ttlSeconds }
}
