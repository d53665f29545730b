/** Asked before each write to disk; throws where that write has to fail, as it would on a full disk. */
export interface WriteGuard {
  beforeWrite(): void
}

export const unguarded: WriteGuard = {
  beforeWrite() {
    // Every write may go ahead.
  },
}
