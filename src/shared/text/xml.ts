/**
 * Reads and writes the small XML documents of the services. Values stay text and are not trimmed: a key `007`, a key with
 * a trailing space and a CRC-64 above 2^53 must survive. Document types are refused, so no entity is ever expanded.
 */
import type { XMLParser } from 'fast-xml-parser'

/** Returns the root element of `text`, which may start with white space. Throws unless it is one complete document. */
type ParseXml = (text: string) => XmlElement

let loaded: Promise<ParseXml> | undefined

/** Loads the parser with the first document: most processes that upload small objects never see one. */
export async function loadXmlParser(): Promise<ParseXml> {
  loaded ??= import('fast-xml-parser').then(({ XMLParser }) => {
    const parser = createParser(XMLParser)
    return (text) => rootOf(parser, text)
  })
  return loaded
}

/**
 * Resolves with the root element of `text`, which may start with white space. Rejects unless it is one complete
 * document.
 */
export async function parseXml(text: string): Promise<XmlElement> {
  const parse = await loadXmlParser()
  return parse(text)
}

function createParser(Parser: typeof XMLParser): XMLParser {
  return new Parser({
    ignoreAttributes: true,
    parseTagValue: false,
    trimValues: false,
    // The parser's own decoder drops references that XML forbids but services write, which would change a key.
    entityDecoder: {
      decode: decodeReferences,
      addInputEntities: () => undefined,
      reset: () => undefined,
      setExternalEntities: () => undefined,
      setXmlVersion: () => undefined,
    },
    // Every element is an array, whether it occurs once or several times.
    isArray: () => true,
  })
}

type ParsedElement = string | { readonly [name: string]: readonly ParsedElement[] | undefined }

/** An element of a parsed document. */
export class XmlElement {
  readonly name: string
  readonly #content: ParsedElement

  constructor(name: string, content: ParsedElement) {
    this.name = name
    this.#content = content
  }

  /** Returns the children of that name, in document order. */
  children(name: string): XmlElement[] {
    if (typeof this.#content === 'string' || !Object.hasOwn(this.#content, name)) return []
    return (this.#content[name] ?? []).map((content) => new XmlElement(name, content))
  }

  child(name: string): XmlElement | undefined {
    return this.children(name)[0]
  }

  /** Returns the text of the child of that name, or undefined if there is none. */
  text(name: string): string | undefined {
    const child = this.child(name)
    if (child === undefined) return undefined
    return typeof child.#content === 'string' ? child.#content : undefined
  }
}

function rootOf(parser: XMLParser, text: string): XmlElement {
  const trimmed = text.trim()
  if (/<!DOCTYPE/i.test(trimmed)) throw new Error('a document type is not accepted')
  const document = parser.parse(trimmed) as Record<string, ParsedElement[]>
  const elements = Object.entries(document).filter(([name]) => !name.startsWith('?'))
  const [name, contents] = elements[0] ?? ['', []]
  if (elements.length !== 1 || contents.length !== 1 || contents[0] === undefined) {
    throw new Error('not an XML document: there must be one root element')
  }
  // The parser closes open elements by itself, so a truncated document is recognized by its end.
  const isEmptyElement = contents[0] === '' && trimmed.endsWith('/>')
  if (!isEmptyElement && !trimmed.endsWith(`</${name}>`)) throw new Error('the XML document is cut off')
  return new XmlElement(name, contents[0])
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Decodes the five named references of XML and all numeric ones. Anything else is unchanged. */
function decodeReferences(text: string): string {
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7}));/g, (reference, ...groups) => {
    const [name, hexadecimal, decimal] = groups as (string | undefined)[]
    if (name !== undefined) return NAMED[name] ?? reference
    const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
    const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    return isCharacter ? String.fromCodePoint(code) : reference
  })
}

/** Escapes text for use as element content. */
export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
