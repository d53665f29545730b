/**
 * The layout of the emulator's folder. No name on disk comes from a request: keys are hashed and data files have random
 * names, so that no key (`../x`, `a\0b`, 1,023 bytes of emoji) can refer to another file.
 */
import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from './folder-lock.js'

const MARKER = 'oss-upload-stream-emulator.json'

export interface Folders {
  /** One JSON document per object. */
  readonly objects: string
  /** Two files per multipart upload: its document, and the log of its parts. */
  readonly uploads: string
  /** Bodies of objects and parts. */
  readonly data: string
  /** Temporary files of documents. */
  readonly temporary: string
  /** Releases the lock of the folder. */
  release(): void
}

/** Opens a folder for the emulator. Refuses one that contains other files, because starting removes unknown files. */
export function openFolders(directory: string): Folders {
  mkdirSync(directory, { recursive: true })
  const entries = readdirSync(directory)
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new Error(
      `The folder ${directory} contains files that the emulator did not write; give it a folder of its own`,
    )
  }
  const marker = join(directory, MARKER)
  if (entries.includes(MARKER)) requireOwn(marker, 'file')
  else writeFileSync(marker, JSON.stringify({ format: 1 }), { flag: 'wx' })
  const release = lockFolder(join(directory, 'lock'), directory)
  const folders = {
    objects: join(directory, 'objects'),
    uploads: join(directory, 'uploads'),
    data: join(directory, 'data'),
    temporary: join(directory, 'temporary'),
  }
  try {
    rmSync(folders.temporary, { recursive: true, force: true })
    for (const folder of Object.values(folders)) {
      mkdirSync(folder, { recursive: true })
      requireOwn(folder, 'folder')
    }
  } catch (error) {
    release()
    throw error
  }
  return { ...folders, release }
}

/** Refuses links: their targets may belong to others, and starting removes unknown files. */
function requireOwn(path: string, kind: 'file' | 'folder'): void {
  const found = lstatSync(path)
  if (kind === 'file' ? found.isFile() : found.isDirectory()) return
  throw new Error(`${path} must be a ${kind}, not a link or anything else; give the emulator a folder of its own`)
}

export function objectPath(folders: Folders, bucket: string, key: string): string {
  // Bucket names contain no NUL, so different pairs result in different texts.
  const hash = createHash('sha256').update(`${bucket}\0${key}`).digest('hex')
  return join(folders.objects, `${hash}.json`)
}

export function temporaryPath(folders: Folders): string {
  return join(folders.temporary, randomName())
}

export function randomName(): string {
  return randomBytes(12).toString('hex')
}
