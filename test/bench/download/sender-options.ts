export interface SenderOptions {
  /** Bytes of the object: whole MiB. */
  size: number
  /** The round trip. */
  delayMs: number
  /** Of each connection. Default: as fast as it goes. */
  bytesPerSecond?: number
}
