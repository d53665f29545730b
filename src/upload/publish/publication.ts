import { toError, UploadError } from '../../shared/errors.js'
import type { StoredObject } from '../../stores/store-driver.js'
import type { Scheduler } from '../../flow/scheduler.js'

/** The one request that makes the object visible, and whether it may have. */
export class Publication {
  #mayHaveHappened = false

  /** Whether the object may be there: after a failure, or after being given up, only a look at it tells. */
  get mayHaveHappened(): boolean {
    return this.#mayHaveHappened
  }

  /** As a task of the scheduler: cleaning up waits for it. */
  async run(scheduler: Scheduler, publish: () => Promise<StoredObject>): Promise<StoredObject> {
    return new Promise((resolve, reject) => {
      scheduler.run(() =>
        publish().then(
          (stored) => {
            this.#mayHaveHappened = true
            resolve(stored)
          },
          (error: unknown) => {
            this.#mayHaveHappened = error instanceof UploadError && error.outcomeUnknown === true
            reject(toError(error))
          },
        ),
      )
    })
  }
}
