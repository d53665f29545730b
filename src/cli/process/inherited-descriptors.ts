import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

interface Descriptor {
  fd: number
  /** What it leads to. */
  target: string
  /** Whether it may be written to. */
  isWritable: boolean
}

/**
 * The descriptors from 3 on that whoever started this process handed on: a producer gets them too, as from a shell, for
 * `openssl -pass fd:3` and its kin. Node.js marks them to be closed in children, so which they are is told by what they
 * lead to: its own are event queues and the like, and pipes of which it has both ends. To be called before anything is
 * opened. Without /proc there are none.
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
    // There is no /proc.
  }
  return found
}

/** Undefined for what is not open any more, as the list itself. */
function descriptor(name: string): Descriptor | undefined {
  try {
    const target = readlinkSync(`/proc/self/fd/${name}`)
    const [, mode = '0'] = /flags:\s*\d*(\d)/.exec(readFileSync(`/proc/self/fdinfo/${name}`, 'utf8')) ?? []
    // The two lowest bits of the flags are the access mode: 0 is reading alone.
    return { fd: Number(name), target, isWritable: (Number(mode) & 3) !== 0 }
  } catch {
    return undefined
  }
}
