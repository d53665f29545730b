import type { ReceiverOptions } from './receiver-options.js'
import { type Receiver, startReceiver } from './start-receiver.js'

/** The receivers of one run of the benchmarks: each kind is started when it is first needed. */
export class Receivers {
  readonly #sink: string | undefined
  readonly #folder: string
  readonly #started = new Map<string, Promise<Receiver>>()

  constructor(sink: string | undefined, folder: string) {
    this.#sink = sink
    this.#folder = folder
  }

  get({ checksums, delayMs, tls }: ReceiverOptions): Promise<Receiver> {
    const kind = JSON.stringify([checksums, delayMs, tls])
    const receiver = this.#started.get(kind) ?? startReceiver({ checksums, delayMs, tls }, this.#sink, this.#folder)
    this.#started.set(kind, receiver)
    return receiver
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#started.values()].map(async (receiver) => (await receiver).stop()))
  }
}
