#!/usr/bin/env node
import process from 'node:process'

/** The oldest version of Node.js that the command runs on; `engines` in package.json says the same. */
const OLDEST = [20, 18, 1] as const

function isTooOld(): boolean {
  const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number)
  return major * 1e6 + minor * 1e3 + patch < OLDEST[0] * 1e6 + OLDEST[1] * 1e3 + OLDEST[2]
}

// Nothing else is loaded before this check: older versions fail on it with an error that explains nothing.
if (isTooOld()) {
  process.stderr.write(`ossup needs Node.js ${OLDEST.join('.')} or newer; this is ${process.versions.node}\n`)
  process.exitCode = 2
} else {
  void import('./start.js').then(({ start }) => start())
}
