/** What a person sees of a test run: a line a file, each failure whole, and at the end what was skipped and why. */
import path from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'
import { PROJECT } from '../support/project.js'

interface Test {
  name: string
  nesting: number
  file?: string
  skip?: string | boolean
  details: { type?: string; duration_ms: number; error?: Error & { failureType?: string } }
}

interface FileReport {
  passed: number
  failed: number
  skipped: number
  /** What it wrote. */
  output: string
  /** Of its process, if it has one of its own; else the sum of its tests. */
  milliseconds: number
}

/** What node's runner says at the end; it is counted here, with what whole suites skip. */
const SUMMARY = /^(?:tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Map<string, FileReport>()
  const failures: string[] = []
  const skipped = new Map<string, string[]>()
  const begun = performance.now()
  const reportOf = (file: string): FileReport => {
    const known = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, output: '', milliseconds: 0 }
    files.set(file, known)
    return known
  }

  // The results of one file come together, whatever ran at the same time.
  let current: string | undefined
  for await (const { type, data } of events as AsyncIterable<{ type: string; data: unknown }>) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      const { file, message } = data as { file: string; message: string }
      reportOf(sourceOf(file)).output += message
    } else if (type === 'test:diagnostic') {
      const { message } = data as { message: string }
      if (!SUMMARY.test(message)) yield `  ${message}\n`
    } else if (type === 'test:complete') {
      const test = data as Test
      if (test.nesting > 0) continue
      const report = reportOf(fileOf(test))
      report.milliseconds = (isFile(test) ? 0 : report.milliseconds) + test.details.duration_ms
    } else if (type === 'test:pass' || type === 'test:fail') {
      const test = data as Test
      const file = fileOf(test)
      if (current !== undefined && current !== file) yield* lineOf(current, reportOf(current))
      current = file
      const failure = type === 'test:fail' ? failureOf(test) : undefined
      if (failure !== undefined) {
        reportOf(file).failed += 1
        const text = `${isFile(test) ? file : `${file} > ${test.name}`}\n${indented(failure)}\n`
        failures.push(text)
        yield `\nFAILED ${text}\n`
      } else if (test.skip !== undefined && test.skip !== false) {
        reportOf(file).skipped += 1
        const reason = test.skip === true || test.skip === '' ? 'no reason is given' : test.skip
        skipped.set(reason, [...(skipped.get(reason) ?? []), `${file} > ${test.name}`])
      } else if (type === 'test:pass' && test.details.type !== 'suite' && !isFile(test)) {
        reportOf(file).passed += 1
      }
    }
  }
  if (current !== undefined) yield* lineOf(current, reportOf(current))
  // What files that share a process wrote is known by the file that loads them.
  for (const [file, report] of files) {
    if (report.output !== '' && !hasTests(report)) yield `${file} wrote:\n${indented(report.output)}`
  }

  if (failures.length > 0) yield `\n${failures.length} failed:\n\n${failures.join('\n')}`
  for (const [reason, names] of skipped) {
    yield `\nskipped, as ${reason}:\n${names.map((name) => `  ${name}\n`).join('')}`
  }
  const total = (count: 'passed' | 'failed' | 'skipped') =>
    [...files.values()].reduce((sum, report) => sum + report[count], 0)
  yield `\n${[...files.values()].filter(hasTests).length} files in ${seconds(performance.now() - begun)}\n`
  yield `${total('passed')} passed, ${total('failed')} failed, ${total('skipped')} skipped\n`
}

function fileOf({ file = '' }: Test): string {
  return sourceOf(file)
}

/** Whether it stands for a file as a whole: what it says beyond its tests is that it could not end well. */
function isFile(test: Test): boolean {
  return test.nesting === 0 && sourceOf(path.resolve(PROJECT, test.name)) === fileOf(test)
}

/** What failed by itself, not because of what is in it. */
function failureOf({ details: { error } }: Test): string | undefined {
  if (error === undefined) return 'failed'
  if (error.failureType === 'subtestsFailed') return undefined
  return inspect(error.cause ?? error, { depth: 8, maxStringLength: 20_000 })
}

/** Not a file that only loads others. */
function hasTests({ passed, failed, skipped }: FileReport): boolean {
  return passed + failed + skipped > 0
}

function* lineOf(file: string, report: FileReport): Generator<string> {
  if (!hasTests(report)) return
  const { passed, failed, skipped, output, milliseconds } = report
  const counts = [
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join(', ')
  yield `${failed > 0 ? 'FAILED' : 'ok'}  ${file}  ${counts}  ${seconds(milliseconds)}\n${output === '' ? '' : indented(output)}`
}

/** The TypeScript file, by its path in the project, that a test file was compiled from. */
function sourceOf(file: string): string {
  return path
    .relative(PROJECT, file)
    .replace(/^compiled[/\\](.+)\.js$/, '$1.ts')
    .replaceAll('\\', '/')
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}
