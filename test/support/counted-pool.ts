import { BufferPool } from '../../src/memory/buffer-pool.js'

/** Remembers the most bytes that there were, handed out and kept. */
export class CountedPool extends BufferPool {
  most = 0

  override request(...[request, serve, fail]: Parameters<BufferPool['request']>): ReturnType<BufferPool['request']> {
    return super.request(
      request,
      (buffer) => {
        this.#count()
        serve(buffer)
      },
      fail,
    )
  }

  override tryRequest(...values: Parameters<BufferPool['tryRequest']>): ReturnType<BufferPool['tryRequest']> {
    const buffer = super.tryRequest(...values)
    this.#count()
    return buffer
  }

  #count(): void {
    this.most = Math.max(this.most, this.handedOutBytes + this.keptBytes)
  }
}
