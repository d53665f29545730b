/** Parses the document of a Complete: the parts of the object. */
import type { Buffer } from 'node:buffer'
import { parseXml, type XmlElement } from '../../../shared/text/xml.js'
import { Refusal } from '../../refusal.js'

export interface ListedPart {
  readonly partNumber: number
  /** Lower-case hex, without quotes. */
  readonly etag: string
  /** Returns the value in the document for an algorithm, such as `crc32`. */
  checksum(algorithm: string): string | undefined
}

/** Throws `malformed-xml` for another document, and for an empty list. */
export async function parsePartList(document: Buffer): Promise<ListedPart[]> {
  const root = await parseRoot(document)
  const parts = root.name === 'CompleteMultipartUpload' ? root.children('Part') : []
  if (parts.length === 0) throw new Refusal('malformed-xml')
  return parts.map((part) => {
    const partNumber = part.text('PartNumber')?.trim() ?? ''
    const etag = part.text('ETag')?.trim().replaceAll('"', '').toLowerCase()
    if (!/^\d{1,9}$/.test(partNumber) || etag === undefined) throw new Refusal('malformed-xml')
    return {
      partNumber: Number(partNumber),
      etag,
      checksum: (algorithm) => part.text(`Checksum${algorithm.toUpperCase()}`)?.trim(),
    }
  })
}

async function parseRoot(document: Buffer): Promise<XmlElement> {
  try {
    return await parseXml(document.toString())
  } catch {
    throw new Refusal('malformed-xml')
  }
}
