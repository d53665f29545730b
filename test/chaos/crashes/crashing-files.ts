/** The file system below a folder, whose process can end, or whose operations can fail, between any two steps. */
import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

const OPERATIONS = ['copyFile', 'mkdir', 'readFile', 'readlink', 'realpath', 'rename', 'rm', 'stat', 'utimes'] as const
const HANDLE_OPERATIONS = ['read', 'readFile', 'stat', 'sync', 'truncate', 'write', 'writeFile'] as const

type Operation = (...values: unknown[]) => Promise<unknown>

/** What happens at the nth step: the process ends, or the operation fails. */
export interface Trouble {
  step: number
  how: 'crash' | 'ENOSPC' | 'EIO' | 'EACCES'
}

export class CrashingFiles {
  readonly #folder: string
  readonly #originals = new Map<string, Operation>()
  readonly #handles = new Set<FileHandle>()
  #trouble: Trouble | undefined
  #steps = 0
  #isDead = false
  #crashed: () => void = () => undefined

  constructor(folder: string) {
    this.#folder = folder
    const promises = fs.promises as unknown as Record<string, Operation>
    for (const name of [...OPERATIONS, 'open']) {
      const original = promises[name]
      if (original === undefined) continue
      this.#originals.set(name, original)
      promises[name] = async (...values) => this.#carryOut(name, original, values)
    }
    syncBuiltinESMExports()
  }

  restore(): void {
    for (const [name, original] of this.#originals) Reflect.set(fs.promises, name, original)
    syncBuiltinESMExports()
  }

  /** Files that the process has open. */
  get openFiles(): number {
    return this.#handles.size
  }

  /** Begins a process. Resolves when it has ended before its time. */
  async begin(trouble: Trouble | undefined): Promise<void> {
    this.#trouble = trouble
    this.#steps = 0
    this.#isDead = false
    return new Promise((resolve) => {
      this.#crashed = resolve
    })
  }

  /** Ends the process, unless that was done: its files are closed, and its steps never settle. */
  async end(): Promise<void> {
    this.#trouble = undefined
    this.#isDead = true
    await Promise.all([...this.#handles].map(async (handle) => handle.close()))
    this.#handles.clear()
  }

  /** One step of the process, which also may be one of the service. */
  async step(isOfFile = false): Promise<void> {
    this.#steps += 1
    const { step, how } = this.#trouble ?? { step: Infinity, how: 'crash' }
    if (!this.#isDead && this.#steps >= step && (how === 'crash' || isOfFile)) {
      this.#trouble = undefined
      if (how !== 'crash') throw Object.assign(new Error(`${how}: of the test`), { code: how })
      this.#isDead = true
      this.#crashed()
    }
    if (this.#isDead) await new Promise(() => undefined)
  }

  async #carryOut(name: string, original: Operation, values: unknown[]): Promise<unknown> {
    if (!this.#isBelow(values[0])) return original.apply(fs.promises, values)
    await this.step(true)
    const result = await original.apply(fs.promises, values)
    if (name === 'open') await this.#watch(result as FileHandle)
    await this.step()
    return result
  }

  #isBelow(file: unknown): boolean {
    return typeof file === 'string' && (file === this.#folder || file.startsWith(this.#folder + path.sep))
  }

  async #watch(handle: FileHandle): Promise<void> {
    // It was being opened when the process ended.
    if (this.#isDead) return handle.close()
    this.#handles.add(handle)
    for (const name of HANDLE_OPERATIONS) {
      const original = (handle[name] as unknown as Operation).bind(handle)
      Reflect.set(handle, name, async (...values: unknown[]) => {
        await this.step(true)
        const result = await original(...values)
        await this.step()
        return result
      })
    }
    const close = handle.close.bind(handle)
    handle.close = async () => {
      if (this.#handles.delete(handle)) await close()
    }
  }
}
