export interface MessageCounts {
  readonly sent: number
  readonly received: number
}

/** Messages of all, of those from or to a client, and of those between nodes and services. */
export interface MessageStatistics {
  readonly all: MessageCounts
  readonly clients: MessageCounts
  readonly servers: MessageCounts
}

/** Counts messages as they pass. */
export class MessageCounter {
  readonly #clients = { sent: 0, received: 0 }
  readonly #servers = { sent: 0, received: 0 }

  count(event: 'sent' | 'received', isOfClient: boolean): void {
    ;(isOfClient ? this.#clients : this.#servers)[event]++
  }

  get statistics(): MessageStatistics {
    const [clients, servers] = [{ ...this.#clients }, { ...this.#servers }]
    return {
      all: { sent: clients.sent + servers.sent, received: clients.received + servers.received },
      clients,
      servers,
    }
  }
}
