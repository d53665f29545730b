import { toError } from '../../shared/errors.js'
import { type DescriptorBody, readDescriptor } from '../../source/descriptor.js'
import { lenderOf } from '../../stream/upload-stream.js'
import type { BodySource } from './body-source.js'

/** Returns whether the body is `{ fd }`, not an object that owns a descriptor, such as a FileHandle. */
export function isDescriptor(body: unknown): body is DescriptorBody {
  return typeof body === 'object' && body !== null && Object.keys(body).join() === 'fd'
}

/** Returns a source that reads a file descriptor into the memory of the upload. */
export function descriptorSource({ fd }: DescriptorBody): BodySource {
  let reading: Promise<void> = Promise.resolve()
  return {
    facts: {},
    start(upload) {
      reading = readDescriptor(fd, lenderOf(upload)).then(
        () => void upload.end(),
        (error: unknown) => void upload.destroy(toError(error)),
      )
    },
    // The reader stops when the upload fails.
    stop: () => reading,
  }
}
