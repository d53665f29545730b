/** Writes as many bytes to standard output as its argument says, in writes of 64 KiB, as `dd bs=64k` does. None repeat. */
import process from 'node:process'
import { pipeline } from 'node:stream/promises'
import { ChunkSource } from '../chunk-source.js'

// A client that fails says so itself.
process.stdout.on('error', () => process.exit(1))
await pipeline(new ChunkSource(Number(process.argv[2])), process.stdout)
