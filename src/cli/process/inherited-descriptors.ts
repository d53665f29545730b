import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

interface Descriptor {
  fd: number
  /** The path that it refers to. */
  target: string
  /** Whether it is open for writing. */
  isWritable: boolean
}

/**
 * Returns the descriptors from 3 on that this process inherited. A producer inherits them too, as from a shell, for
 * `openssl -pass fd:3` and similar programs. Node.js marks all descriptors close-on-exec, so they are recognized by
 * what they refer to: those of Node.js are event queues and pipes of which it has both ends. Must be called before
 * anything is opened. Returns none without /proc.
 */
export function inheritedDescriptors(): number[] {
  const all = descriptors()
  const hasBothEnds = ({ target }: Descriptor): boolean => {
    const ends = all.filter((other) => other.target === target)
    return ends.some(({ isWritable }) => isWritable) && ends.some(({ isWritable }) => !isWritable)
  }
  const isOwn = (one: Descriptor): boolean =>
    one.target.startsWith('anon_inode:') ||
    one.target.startsWith('/proc/') ||
    (one.target.startsWith('pipe:') && hasBothEnds(one))
  return all.filter((one) => one.fd >= 3 && one.fd <= 255 && !isOwn(one)).map(({ fd }) => fd)
}

function descriptors(): Descriptor[] {
  const found: Descriptor[] = []
  try {
    for (const name of readdirSync('/proc/self/fd')) {
      const one = descriptor(name)
      if (one !== undefined) found.push(one)
    }
  } catch {
    // /proc does not exist.
  }
  return found
}

/** Returns undefined for a descriptor that is no longer open, such as that of the list itself. */
function descriptor(name: string): Descriptor | undefined {
  try {
    const target = readlinkSync(`/proc/self/fd/${name}`)
    const [, mode = '0'] = /flags:\s*\d*(\d)/.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8')) ?? []
    // The two lowest bits of the flags are the access mode: 0 is read-only.
    return { fd: Number(name), target, isWritable: (Number(mode) & 3) !== 0 }
  } catch {
    return undefined
  }
}
