import { loadXmlParser, type XmlElement } from '../../../shared/text/xml.js'
import { Refusal } from '../../refusal.js'

/** Returns the root element of a request's body. Throws `malformed-xml`. */
export async function parseDocument(body: Buffer): Promise<XmlElement> {
  const parseXml = await loadXmlParser()
  try {
    return parseXml(body.toString())
  } catch {
    throw new Refusal('malformed-xml')
  }
}
