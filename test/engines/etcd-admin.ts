import { Connection } from '../../src/engines/etcd/connection/connection.ts'
import { grpc } from '../../src/engines/etcd/connection/grpc-status.ts'
import {
  decodeToken,
  encodeAuthenticate,
  encodeLeaseRevoke,
} from '../../src/engines/etcd/wire/control-messages.ts'
import { FieldReader } from '../../src/engines/etcd/wire/field-reader.ts'
import { MessageWriter } from '../../src/engines/etcd/wire/message-writer.ts'

/** What an operator does to etcd, and what the engine has no use for. */
export class EtcdAdmin {
  readonly #endpoint: string
  #token: string | undefined

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  /** Forgets all revisions below this one. */
  async compact(revision: number): Promise<void> {
    // CompactionRequest { revision = 1, physical = 2 }
    await this.#call('/etcdserverpb.KV/Compact', new MessageWriter(0).number(2, 1).number(1, revision))
  }

  /** Ends every lease of the cluster: as an expiry of all of them. */
  async revokeAllLeases(): Promise<number> {
    const ids: number[] = []
    // LeaseLeasesResponse { header = 1, leases = 2 } with LeaseStatus { ID = 1 }
    const leases = new FieldReader(await this.#call('/etcdserverpb.Lease/LeaseLeases', new MessageWriter(0)))
    while (leases.next()) {
      if (leases.field !== 2) continue
      const lease = new FieldReader(leases.bytes)
      while (lease.next()) if (lease.field === 1) ids.push(lease.number)
    }
    for (const id of ids) await this.#send('/etcdserverpb.Lease/LeaseRevoke', encodeLeaseRevoke(id))
    return ids.length
  }

  /** A root, a user with a role that may use one prefix, and authentication switched on. */
  async enableAuthentication(user: {
    readonly name: string
    readonly password: string
    readonly prefix: string
  }) {
    const named = (...fields: string[]) => {
      const writer = new MessageWriter(0)
      for (let i = fields.length; i > 0; i--) writer.string(i, fields[i - 1]!)
      return writer
    }
    const { name, password, prefix } = user
    await this.#call('/etcdserverpb.Auth/UserAdd', named('root', 'secret'))
    await this.#call('/etcdserverpb.Auth/RoleAdd', named('root'))
    await this.#call('/etcdserverpb.Auth/UserGrantRole', named('root', 'root'))
    await this.#call('/etcdserverpb.Auth/UserAdd', named(name, password))
    await this.#call('/etcdserverpb.Auth/RoleAdd', named('tenant'))
    await this.#call('/etcdserverpb.Auth/UserGrantRole', named(name, 'tenant'))
    const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`
    // AuthRoleGrantPermissionRequest { name = 1, perm = 2 } with Permission { permType = 1, key = 2, range_end = 3 }
    const permission = new MessageWriter(0)
      .message(2, (writer) => writer.string(3, end).string(2, prefix).number(1, 2))
      .string(1, 'tenant')
    await this.#call('/etcdserverpb.Auth/RoleGrantPermission', permission)
    await this.#call('/etcdserverpb.Auth/AuthEnable', new MessageWriter(0))
    this.#token = decodeToken(
      await this.#send('/etcdserverpb.Auth/Authenticate', encodeAuthenticate('root', 'secret')),
    )
  }

  /** A member that has no vote; who is there is to be started at this URL. */
  async addLearner(peerUrl: string): Promise<void> {
    // MemberAddRequest { peerURLs = 1, isLearner = 2 }
    await this.#call('/etcdserverpb.Cluster/MemberAdd', new MessageWriter(0).number(2, 1).string(1, peerUrl))
  }

  /** With it etcd forgets the tokens of this user, also when the password is the one that it was. */
  async changePassword(name: string, password: string): Promise<void> {
    // AuthUserChangePasswordRequest { name = 1, password = 2 }
    const message = new MessageWriter(0).string(2, password).string(1, name)
    await this.#call('/etcdserverpb.Auth/UserChangePassword', message)
  }

  #call(path: string, writer: MessageWriter): Promise<Uint8Array> {
    return this.#send(path, writer.finish())
  }

  async #send(path: string, message: Buffer): Promise<Uint8Array> {
    const connection = await Connection.open({ authority: this.#endpoint, tls: undefined }, 5_000)
    try {
      return await new Promise((resolve, reject) => {
        connection.call(path, message, 5_000, this.#token, ({ status, message: reason, body }) => {
          if (status === grpc.ok) resolve(body)
          else reject(new Error(`${path} ended with gRPC status ${status}: ${reason}`))
        })
      })
    } finally {
      connection.close()
    }
  }
}
