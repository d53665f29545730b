import { escapeXml } from '../../shared/text/xml.js'

/** An element: its name, its text or its children, and its attributes. */
export type XmlNode = readonly [
  name: string,
  content: string | readonly XmlNode[],
  attributes?: Readonly<Record<string, string>>,
]

/** Returns a document with the namespace on its root element. */
export function writeXml([name, content]: XmlNode, namespace?: string): string {
  const attribute = namespace === undefined ? '' : ` xmlns="${namespace}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${contentOf(content)}</${name}>\n`
}

function elementOf([name, content, attributes = {}]: XmlNode): string {
  const pairs = Object.entries(attributes).map(([attribute, value]) => ` ${attribute}="${escapeXml(value)}"`)
  return `<${name}${pairs.join('')}>${contentOf(content)}</${name}>`
}

function contentOf(content: XmlNode[1]): string {
  return typeof content === 'string' ? escapeControls(escapeXml(content)) : content.map(elementOf).join('')
}

/** Writes control characters as references: a parser would convert a bare CR to a line feed, and refuse other controls. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `&#${char.charCodeAt(0)};`)
}
