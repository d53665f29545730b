/** Reads standard input into buffers that are used again, and sends each as a part by plain undici: unsigned, unverified. */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import process from 'node:process'
import type { Target } from '../contender.js'
import { UndiciParts } from '../contenders/undici-parts.js'
import { readLoop } from './read-loop.js'

const target = JSON.parse(process.argv[2] ?? '') as Target
const { partSize, concurrency } = target
const KEY = 'object'
const parts = new UndiciParts(target)
const uploadId = await parts.initiate(KEY)
const etags: string[] = []
const free: Buffer[] = []
const sending: Promise<void>[] = []
let buffer: Buffer = Buffer.allocUnsafeSlow(partSize)
let length = 0
let inFlight = 0

function send(): void {
  const full = buffer
  inFlight += 1
  const part = { number: sending.length + 1, body: full.subarray(0, length) }
  sending.push(
    parts.start(KEY, uploadId, part, etags, () => {
      free.push(full)
      inFlight -= 1
      source.resume()
    }),
  )
  buffer = free.pop() ?? Buffer.allocUnsafeSlow(partSize)
  length = 0
}

const source = readLoop(
  () => buffer.subarray(length),
  (read) => {
    length += read
    if (length === partSize) send()
    return inFlight < concurrency
  },
)
await once(source, 'end')
if (length > 0) send()
await Promise.all(sending)
await parts.complete(KEY, uploadId, etags)
await parts.close()
