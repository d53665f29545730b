/**
 * The default place of a file's checkpoint: the user's folder for program state. Not beside the file, because that
 * folder may be read-only, or watched by another program. The name is a hash of the file's path and the object's
 * address: it reveals nothing, and a file can be uploaded to two objects.
 */
import { createHash } from 'node:crypto'
import { access, constants, mkdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'

export function defaultCheckpointPath(
  file: string,
  location: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const name = createHash('sha256')
    .update(JSON.stringify([file, location]))
    .digest('hex')
    .slice(0, 32)
  return path.join(stateFolder(environment, platform), 'oss-upload-stream', `${name}.checkpoint`)
}

/**
 * Creates the folder if it is missing, with access for its owner only. Throws the error of the file system if nothing
 * can be written there.
 */
export async function prepareFolderOf(checkpoint: string): Promise<void> {
  const folder = path.dirname(checkpoint)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.W_OK | constants.X_OK)
}

/** As each system has it: XDG Base Directory, Apple's and Microsoft's guidelines. */
function stateFolder(
  { XDG_STATE_HOME: xdg, LOCALAPPDATA: local }: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string {
  if (xdg !== undefined && path.isAbsolute(xdg)) return xdg
  const home = os.homedir()
  if (platform === 'win32') return local ?? path.join(home, 'AppData', 'Local')
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support')
  return path.join(home, '.local', 'state')
}
