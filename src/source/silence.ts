import type { ByteSink } from './byte-sink.js'

/** How many equal steps a limit is counted in. */
const STEPS = 20

export interface SilenceWatch {
  /** Takes the bytes instead of the sink that is watched. */
  sink: ByteSink
  /** Rejects with what `fail` returns when no byte has come for the limit; never resolves. */
  silent: Promise<never>
  end(): void
}

/**
 * Watches for a source that writes nothing for `limitMs` while the sink would take it; time in which the sink takes nothing does not
 * count. Counted in steps, so that a process that was suspended, or too busy to read, does not take that time for silence;
 * the limit may thus pass a twentieth late.
 */
export function watchSilence(sink: ByteSink, limitMs: number, fail: () => Error): SilenceWatch {
  let steps = 0
  let isTaking = false
  let timer: NodeJS.Timeout | undefined
  const end = (): void => clearInterval(timer)
  const silent = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      steps = isTaking ? 0 : steps + 1
      // The first step may have begun before the last byte.
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
