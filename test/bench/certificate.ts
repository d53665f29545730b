/** A certificate for 127.0.0.1, made on the spot and signed by itself, so that TLS is measured verified. */
import { Buffer } from 'node:buffer'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** Both as PEM. */
export interface Certificate {
  key: string
  cert: string
}

const ONE_DAY_MS = 86_400_000

/** Valid for ten days from yesterday. */
export function selfSignedCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(set(sequence(objectId('550403'), utf8('oss-upload-stream bench'))))
  const algorithm = sequence(objectId('2a8648ce3d040302'))
  const contents = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(Date.now() - ONE_DAY_MS), time(Date.now() + 9 * ONE_DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(
        // basicConstraints: a CA, so that it may vouch for itself.
        sequence(objectId('551d13'), boolean(true), octets(sequence(boolean(true)))),
        sequence(objectId('551d11'), octets(alternativeNames())),
      ),
    ),
  )
  const signature = sign('sha256', contents, privateKey)
  const der = sequence(contents, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  }
}

function alternativeNames(): Buffer {
  const address = tagged(0x87, Buffer.from([127, 0, 0, 1]))
  // ali-oss names a host of OSS to a server that it was given by address.
  return sequence(
    address,
    ...['localhost', '*.oss-cn-hangzhou.aliyuncs.com'].map((host) => tagged(0x82, Buffer.from(host))),
  )
}

/** DER: a tag, the length in as few bytes as it takes, the value. */
function tagged(tag: number, ...values: Buffer[]): Buffer {
  const value = Buffer.concat(values)
  const { length } = value
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), value])
}

const sequence = (...values: Buffer[]): Buffer => tagged(0x30, ...values)
const set = (...values: Buffer[]): Buffer => tagged(0x31, ...values)
const explicit = (number: number, value: Buffer): Buffer => tagged(0xa0 + number, value)
const integer = (value: Buffer): Buffer => tagged(0x02, value)
const octets = (value: Buffer): Buffer => tagged(0x04, value)
const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]))
const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text))
const objectId = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'))

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  return tagged(0x17, Buffer.from(digits.slice(2)))
}
