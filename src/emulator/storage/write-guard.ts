/** Called before each write to disk. Throws if a fault makes that write fail, as on a full disk. */
export interface WriteGuard {
  beforeWrite(): void
}

export const unguarded: WriteGuard = {
  beforeWrite() {
    // Allows every write.
  },
}
