/** Responses with documents, and elements that several of them contain. */
import type { Answer } from '../http/answer.js'
import type { XmlNode } from '../http/xml-writer.js'
import { invalidArgument } from '../refusal.js'
import type { OperationContext } from './operation.js'

/** The only user of the emulator. */
export const OWNER: XmlNode = [
  'Owner',
  [
    ['ID', '0022012000000000'],
    ['DisplayName', 'emulator'],
  ],
]

export function xmlAnswer({ dialect }: OperationContext, root: XmlNode, headers: Record<string, string> = {}): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/xml', ...headers }, body: dialect.writeXml(root) }
}

/** Returns how to write names into a document: unchanged, or form-encoded if the client requests `encoding-type=url`. */
export interface NameEncoding {
  encode(text: string): string
  /** The element that reports the encoding. */
  readonly elements: readonly XmlNode[]
}

export function readEncoding({ call, dialect }: OperationContext, about: 'upload' | 'bucket'): NameEncoding {
  const type = call.parameter('encoding-type')
  const isKnown = about === 'bucket' || dialect.encodesNames === 'always'
  if (type === undefined || !isKnown) return { encode: (text) => text, elements: [] }
  if (type !== 'url') throw invalidArgument('encoding-type', type)
  const encode = dialect.name === 's3' ? encodeAsS3 : encodeForm
  return { encode, elements: [['EncodingType', 'url']] }
}

/** `/` stays, and `test_file(3).png` is `test_file%283%29.png` (API reference, ListObjects). */
function encodeAsS3(text: string): string {
  return encodeForm(text)
    .replaceAll('%2F', '/')
    .replace(/[!'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

function encodeForm(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+')
}
