/** The image of the command: its Dockerfile is parsed and linted, and built where a container engine runs. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { folderWith, PROJECT, report, reportSkipped, run, runFor, versionIn } from './tools.js'

const DOCKERFILE = path.join(PROJECT, 'Dockerfile')
const IMAGE = 'ossup-compat'

const VALIDATE = `const { validate } = require('dockerfile-utils')
const problems = validate(require('node:fs').readFileSync(process.argv[1], 'utf8'))
for (const { message, range } of problems) console.log(range.start.line + 1, message)
process.exitCode = problems.length === 0 ? 0 : 1`

export async function image(context) {
  const folder = await folderWith(context, 'dockerfile', ['dockerfile-utils', 'dockerfilelint'], { type: 'commonjs' })
  if (folder !== undefined) {
    const parsed = await run(process.execPath, ['-e', VALIDATE, DOCKERFILE], { cwd: folder })
    report({ what: 'Dockerfile, parsed', version: await versionIn(folder, 'dockerfile-utils'), ...parsed })
    const linted = await run('npx', ['--no-install', 'dockerfilelint', DOCKERFILE], { cwd: folder })
    report({ what: 'Dockerfile, linted', version: await versionIn(folder, 'dockerfilelint'), ...linted })
  }
  const engine = await run('docker', ['info'])
  if (engine.code !== 0) return reportSkipped('Dockerfile, built', 'no container engine runs here')
  const built = await run('docker', ['build', '--tag', IMAGE, PROJECT])
  const { version } = JSON.parse(await readFile(path.join(PROJECT, 'package.json'), 'utf8'))
  const what = 'Dockerfile, built'
  if (built.code !== 0) return report({ what, version, ...built })
  report({ what, version, ...(await runFor(version, 'docker', ['run', '--rm', IMAGE, '--version'])) })
}
