import { formatCrc64 } from './decimal.js'

/** With the CRC-64 as an unsigned decimal number; absent when the service gave none. */
export type WithCrc64Text<T> = Omit<T, 'crc64'> & { crc64?: string }

export function withCrc64Text<T extends { crc64?: bigint }>(value: T): WithCrc64Text<T> {
  const { crc64, ...rest } = value
  return crc64 === undefined ? rest : { ...rest, crc64: formatCrc64(crc64) }
}
