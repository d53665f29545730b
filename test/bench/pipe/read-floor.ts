/** Reads standard input into one buffer and does nothing with it: what no client can do without. */
import { Buffer } from 'node:buffer'
import { readLoop } from './read-loop.js'

const memory = Buffer.allocUnsafeSlow(64 * 1024)
readLoop(
  () => memory,
  () => true,
)
