import { toError, UploadError } from '../../shared/errors.js'
import type { StoredObject } from '../../stores/store-driver.js'
import type { Scheduler } from '../../flow/scheduler.js'

/** The request that publishes the object, and whether it may have taken effect. */
export class PublishingRequest {
  #mayHaveHappened = false

  /** Whether the object may be published: after a failure or an abort, only a look at the object decides. */
  get mayHaveHappened(): boolean {
    return this.#mayHaveHappened
  }

  /** Runs as a task of the scheduler, so that the clean-up waits for it. */
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
