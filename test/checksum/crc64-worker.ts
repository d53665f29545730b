/** Answers with the name of this thread's engine and the CRC-64 it has for the message given to it. */
import { parentPort, workerData } from 'node:worker_threads'
import { crc64Engine } from '../../src/checksum/engine.js'

const engine = crc64Engine()
const crc = engine.create()
crc.update(workerData as Uint8Array)
parentPort?.postMessage({ name: engine.name, crc: crc.digest() })
