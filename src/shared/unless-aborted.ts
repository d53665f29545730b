/** Resolves with the value of `promise`, or rejects with `failure(reason)` if the signal is aborted first. */
export async function unlessAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  failure: (reason: unknown) => Error,
): Promise<T> {
  if (signal === undefined) return promise
  let onAbort = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(failure(signal.reason))
  })
  signal.addEventListener('abort', onAbort)
  try {
    if (signal.aborted) onAbort()
    // The abort comes first: a signal that is aborted already wins over a promise that is resolved already.
    return await Promise.race([aborted, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
