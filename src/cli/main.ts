#!/usr/bin/env node
import process from 'node:process'
import { run } from './run.js'

const { stdout, stderr, env } = process
process.exitCode = await run({
  args: process.argv.slice(2),
  stdin: () => process.stdin,
  stdout,
  stderr,
  environment: env,
})
