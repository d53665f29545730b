import type { ByteSink } from './byte-sink.js'

/** Number of equal steps that a limit is counted in. */
const STEPS = 20

export interface SilenceWatch {
  /** The sink to write to instead of the watched one. */
  sink: ByteSink
  /** Rejects with `fail()` when no byte has arrived for the time limit; never resolves. */
  silent: Promise<never>
  end(): void
}

/**
 * Detects a source that writes nothing for `limitMs` while the sink accepts bytes. The time is counted in steps, so
 * that time when the process was suspended, or too busy to read, does not count; the limit may thus be a twentieth
 * late.
 */
export function watchSilence(sink: ByteSink, limitMs: number, fail: () => Error): SilenceWatch {
  let steps = 0
  let isTaking = false
  let timer: NodeJS.Timeout | undefined
  const end = (): void => clearInterval(timer)
  const silent = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      steps = isTaking ? 0 : steps + 1
      // The first step may have started before the last byte.
      if (steps > STEPS) reject(fail())
    }, limitMs / STEPS)
  })
  silent.catch(() => undefined)
  return { sink: watched(), silent, end }

  function watched(): ByteSink {
    return {
      cancelled: sink.cancelled,
      lend: () => sink.lend(),
      accept(length) {
        if (length > 0) steps = 0
        sink.accept(length)
      },
      write(chunk, callback) {
        steps = 0
        isTaking = true
        sink.write(chunk, (error) => {
          steps = 0
          isTaking = false
          callback(error)
        })
      },
    }
  }
}
