#!/usr/bin/env node
import process from 'node:process'
import { endProcess } from './process/end-process.js'
import { EXIT } from './process/exit-codes.js'
import { openStandardOutput } from './process/standard-output.js'
import { run } from './run.js'

const stdout = openStandardOutput(1)
const stderr = openStandardOutput(2)
const args = process.argv.slice(2)
// A process that runs out of work before its outcome is known has not succeeded.
process.exitCode = EXIT.failed
void run({ args, stdin: () => process.stdin, stdout, stderr, environment: process.env }).then((code) =>
  endProcess(code, [stdout, stderr]),
)
