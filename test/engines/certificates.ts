import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate authority of its own, made by `openssl`, and what it signed: for a server on loopback and for a client. */
export class Certificates implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'dure-certificates-'))

  constructor() {
    const subject = ['-subj', '/CN=Test authority']
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    this.#openssl('req', '-x509', ...key, ...subject, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt')
    writeFileSync(
      this.path('server.ext'),
      'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
    )
    writeFileSync(this.path('client.ext'), 'extendedKeyUsage=clientAuth\n')
    for (const name of ['server', 'client']) {
      this.#openssl('req', ...key, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`)
      const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
      const files = ['-in', `${name}.csr`, '-out', `${name}.crt`, '-extfile', `${name}.ext`]
      this.#openssl('x509', '-req', ...signing, ...files)
    }
  }

  path(name: string): string {
    return join(this.#directory, name)
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name))
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#directory, stdio: 'pipe' })
  }
}
