import type { CallOptions } from '../../../index.js'
import type { Options } from '../../options/options.js'
import { openObject, openTarget, type OpenTarget } from '../../access/store-access.js'
import { EXIT } from '../../process/exit-codes.js'
import { Failure } from '../../process/failure.js'
import { isFolder, NewestObjects, objectsOf } from './listed.js'

/** The object of a target, or with `--newest` the newest one whose key starts with that of the target. */
export async function openNamedObject(
  text: string,
  options: Options,
  environment: NodeJS.ProcessEnv,
  calls: CallOptions,
): Promise<OpenTarget> {
  if (!options.flag('newest')) return openObject(text, options, environment)
  const target = openTarget(text, options, environment)
  try {
    const newest = new NewestObjects(1)
    for await (const seen of objectsOf(target, calls)) if (!isFolder(seen.object)) newest.add(seen)
    const [found] = newest.newestLast()
    if (found === undefined)
      throw new Failure(EXIT.notFound, `there is no object below ${target.addressOf(target.key)}`)
    return { ...target, key: found.object.key }
  } catch (error) {
    await target.store.close()
    throw error
  }
}
