/** The services write a CRC-64 as an unsigned decimal without padding, which does not fit into a number. */

const LARGEST = 2n ** 64n - 1n

export function formatCrc64(value: bigint): string {
  return value.toString()
}

/** Returns the value of a decimal, or undefined unless it has 1 to 20 digits and fits into 64 bits. */
export function parseCrc64(text: string): bigint | undefined {
  if (!/^[0-9]{1,20}$/.test(text)) return undefined
  const value = BigInt(text)
  return value <= LARGEST ? value : undefined
}

/** Returns the decimal as `formatCrc64` writes it, without padding, or undefined if it is no CRC-64. */
export function normalizeCrc64(text: string): string | undefined {
  const value = parseCrc64(text)
  return value === undefined ? undefined : formatCrc64(value)
}
