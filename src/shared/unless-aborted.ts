/** What `promise` gives, unless the signal is aborted first: then it rejects with what `failure` makes of the reason. */
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
    // In this order: one that was aborted before is not waited for, however fast the promise is.
    return await Promise.race([aborted, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
