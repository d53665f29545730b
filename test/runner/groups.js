/**
 * Which test files share a process. To start one and to load the library costs more than most files take, so that those
 * which leave the process as it is run one after the other in one; every other file has a process of its own.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { compiledName, GROUPS, PROJECT, write } from './compile.js'

/** What changes the process, or measures it; hooks of a file as a whole would be those of the group. */
const OWN_PROCESS = [
  /\bprocess\.(?!(?:arch|cwd|env|execPath|kill|pid|nextTick|platform|ts|version|versions)\b)/,
  /\bprocess\.env\['\w+'\] = |(?:delete |deleteProperty\()process\.env/,
  /\bprocess\[/,
  /\bglobalThis\b|\bgc\(/,
  // What a test mocks by its context is restored with the test.
  /(?<!\bt\.)\bmock\./,
  /\bsubscribe\(/,
  /node:(?:worker_threads|v8|async_hooks|perf_hooks)/,
  /^(?:before|after|beforeEach|afterEach)\(/m,
]

/** Files that take long by themselves, load other clients, or measure memory. */
const HEAVY = /^test\/(?:bench|chaos|contract|interop|memory|scale|system)\//

/** They begin first, so that the processors do not wait for the last of them. */
const LONG = /^test\/(?:chaos|cli|contract|docs|examples|system)\/|memory|thousand/

const FILES_IN_GROUP = 16

/** Resolves with the compiled files to run, the longest first: files that run alone, and files that load a group. */
export async function grouped(sources, folder = GROUPS) {
  const alone = []
  const sharing = []
  for (const source of sources) {
    const text = await readFile(path.join(PROJECT, source), 'utf8')
    const isAlone = HEAVY.test(source) || OWN_PROCESS.some((pattern) => pattern.test(text))
    const list = isAlone ? alone : sharing
    list.push(source)
  }
  const groups = []
  const count = Math.ceil(sharing.length / FILES_IN_GROUP)
  for (let group = 0; group < count; group += 1) {
    const name = path.join(folder, `${group + 1}.js`)
    // Files of one folder take about as long as each other: dealt out like cards, all groups do.
    const members = sharing.filter((_, index) => index % count === group)
    await write({ path: path.join(PROJECT, name), contents: Buffer.from(programOf(members, folder)) })
    groups.push(name)
  }
  const isLong = (source) => LONG.test(source)
  return [
    ...alone.filter(isLong).map(compiledName),
    ...groups,
    ...alone.filter((source) => !isLong(source)).map(compiledName),
  ]
}

/** A file that cannot be loaded fails by its name, and the others run. */
function programOf(sources, folder) {
  const loads = sources.map((source) => {
    const url = JSON.stringify(path.relative(folder, compiledName(source)).replaceAll('\\', '/'))
    return `await import(${url}).catch((error) => it(${JSON.stringify(`${source} is loaded`)}, () => { throw error }))`
  })
  return `import { it } from 'node:test'\n${loads.join('\n')}\n`
}
