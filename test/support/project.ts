/** Where the project is, and which file of it a process runs: tests run compiled, and under tsx as they are. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const COMPILED = import.meta.url.endsWith('.js')
const RUNNING = fileURLToPath(new URL('../..', import.meta.url))

/** The folder of package.json. */
export const PROJECT: string = COMPILED ? path.dirname(RUNNING) : RUNNING

/** Returns the file that node runs for a TypeScript file, named by its path in the project. */
export function programOf(source: string): string {
  return path.join(RUNNING, COMPILED ? source.replace(/\.ts$/, '.js') : source)
}

/** The options of node that such a program needs. */
export const PROGRAM_OPTIONS: readonly string[] = COMPILED ? [] : ['--import', import.meta.resolve('tsx')]
