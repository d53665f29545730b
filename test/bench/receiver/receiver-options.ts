export interface ReceiverOptions {
  /** Whether bodies are summed and answers carry their CRC-64. */
  checksums: boolean
  /** Added to each answer. */
  delayMs: number
  tls: boolean
}

/** What a receiver tells once it listens. */
export interface Listening {
  endpoint: string
  /** PEM. */
  certificate: string | undefined
}
