/** The result of a check: a line for each item, with advice. */
import { adviceFor, messageOf } from '../../process/failure.js'

export interface Line {
  result: 'ok' | 'note' | 'FAIL'
  what: string
  text: string
  /** What to do. */
  advice: string[]
}

export function ok(what: string, text: string): Line {
  return { result: 'ok', what, text, advice: [] }
}

/** A finding that does not make a backup fail. */
export function note(what: string, text: string, advice: string): Line {
  return { result: 'note', what, text, advice: [advice] }
}

export function failure(what: string, error: unknown): Line {
  const message = messageOf(error)
  return { result: 'FAIL', what, text: message, advice: adviceFor(message) }
}
