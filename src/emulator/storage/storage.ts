/** All data of the emulator: objects, uploads and their bytes, in one folder. */
import { crc64Engine } from '../../checksum/engine.js'
import { DataFiles } from './data-files.js'
import { openFolders, type Folders } from './folders.js'
import { Objects } from './objects.js'
import { Uploads } from './uploads.js'

export interface Storage {
  readonly data: DataFiles
  readonly objects: Objects
  readonly uploads: Uploads
  /** Releases the lock of the folder. */
  release(): void
}

/** Opens the folder, loads its objects and uploads, and removes unfinished files of a killed emulator. */
export async function openStorage(directory: string): Promise<Storage> {
  const folders = openFolders(directory)
  try {
    return await load(folders)
  } catch (error) {
    folders.release()
    throw error
  }
}

async function load(folders: Folders): Promise<Storage> {
  const data = new DataFiles(folders.data, crc64Engine())
  const objects = new Objects(folders, data)
  const uploads = new Uploads(folders, data)
  const completed = new Set<string>()
  const fileNames = new Set<string>()
  for (const { uploadId, files } of objects.load()) {
    if (uploadId !== undefined) completed.add(uploadId)
    for (const { name } of files) fileNames.add(name)
  }
  uploads.load(completed)
  for (const name of uploads.fileNames()) fileNames.add(name)
  await data.discardAllBut(fileNames)
  return { data, objects, uploads, release: () => folders.release() }
}
