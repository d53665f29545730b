import { formatPart, type RecordedPart } from './upload-record.js'

/** Part numbers whose text is cached together: the record of a long upload is written thousands of times. */
const BLOCK = 128

interface Block {
  readonly parts: Map<number, { size: number; text: string }>
  /** Text of all its parts; undefined after a change. */
  text: string | undefined
}

/** The parts of a record, with their cached text. */
export class RecordedParts {
  readonly #blocks: Block[] = []
  #count = 0
  #bytes = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Texts in the order of part numbers, each of several parts. */
  get texts(): string[] {
    return this.#blocks.flatMap((block) => {
      if (block.parts.size === 0) return []
      block.text ??= [...block.parts]
        .sort(([a], [b]) => a - b)
        .map(([, { text }]) => text)
        .join(',\n')
      return [block.text]
    })
  }

  set(part: RecordedPart): void {
    this.#delete(part.partNumber)
    const block = this.#blockOf(part.partNumber)
    block.parts.set(part.partNumber, { size: part.size, text: formatPart(part) })
    block.text = undefined
    this.#count += 1
    this.#bytes += part.size
  }

  /** Removes the parts from this number on. */
  forgetFrom(partNumber: number): void {
    for (const { parts } of this.#blocks) {
      for (const recorded of [...parts.keys()]) if (recorded >= partNumber) this.#delete(recorded)
    }
  }

  #delete(partNumber: number): void {
    const block = this.#blockOf(partNumber)
    const part = block.parts.get(partNumber)
    if (part === undefined) return
    block.parts.delete(partNumber)
    block.text = undefined
    this.#count -= 1
    this.#bytes -= part.size
  }

  #blockOf(partNumber: number): Block {
    const index = Math.floor((partNumber - 1) / BLOCK)
    while (this.#blocks.length <= index) this.#blocks.push({ parts: new Map(), text: undefined })
    const block = this.#blocks[index]
    if (block === undefined) throw new RangeError(`${partNumber} is not a part number`)
    return block
  }
}
