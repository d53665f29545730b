/**
 * Reading and writing the services' small XML documents. Values stay text, untrimmed: a key `007`, a key with a
 * trailing space and a CRC-64 beyond 2^53 must survive. Document types are refused, so no entity is ever expanded.
 */
import { XMLParser } from 'fast-xml-parser'

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  // The decoder of numeric references, such as the &#34; around an ETag.
  htmlEntities: true,
  // One shape for one and for many: every element is an array.
  isArray: () => true,
})

type ParsedElement = string | { readonly [name: string]: readonly ParsedElement[] | undefined }

/** An element of a parsed document. */
export class XmlElement {
  readonly name: string
  readonly #content: ParsedElement

  constructor(name: string, content: ParsedElement) {
    this.name = name
    this.#content = content
  }

  /** The children of that name, in document order. */
  children(name: string): XmlElement[] {
    if (typeof this.#content === 'string' || !Object.hasOwn(this.#content, name)) return []
    return (this.#content[name] ?? []).map((content) => new XmlElement(name, content))
  }

  child(name: string): XmlElement | undefined {
    return this.children(name)[0]
  }

  /** The text of the child of that name; undefined when there is none. */
  text(name: string): string | undefined {
    const child = this.child(name)
    if (child === undefined) return undefined
    return typeof child.#content === 'string' ? child.#content : undefined
  }
}

/** The root element of `text`, which may begin with white space. Throws where it is not one whole document. */
export function parseXml(text: string): XmlElement {
  const trimmed = text.trim()
  if (/<!DOCTYPE/i.test(trimmed)) throw new Error('a document type is not accepted')
  const document = parser.parse(trimmed) as Record<string, ParsedElement[]>
  const elements = Object.entries(document).filter(([name]) => !name.startsWith('?'))
  const [name, contents] = elements[0] ?? ['', []]
  if (elements.length !== 1 || contents.length !== 1 || contents[0] === undefined) {
    throw new Error('not an XML document: there must be one root element')
  }
  // The parser closes what is left open: a cut document is known by its end.
  const isEmptyElement = contents[0] === '' && trimmed.endsWith('/>')
  if (!isEmptyElement && !trimmed.endsWith(`</${name}>`)) throw new Error('the XML document is cut off')
  return new XmlElement(name, contents[0])
}

/** Text as element content. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
