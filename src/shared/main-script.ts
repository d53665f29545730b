import { realpathSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

/**
 * Returns the path of the program's main script, to look for packages of the application. Links, which package managers
 * create for commands, are followed to the packages.
 */
export function mainScript(): string {
  const script = process.argv[1] ?? process.execPath
  try {
    return realpathSync(script)
  } catch {
    return path.resolve(script)
  }
}
