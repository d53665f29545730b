/** The shells that `ossup completion` has a script for. */
export const SHELLS = ['bash', 'fish', 'zsh'] as const

export type Shell = (typeof SHELLS)[number]
