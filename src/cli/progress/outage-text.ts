/** Describes an outage. */
import type { AwayNotice, BackNotice } from '../../index.js'
import { formatClock, formatSeconds } from '../options/durations.js'

export function awayText({ reason, until }: AwayNotice): string {
  return `the service is away (${reason}); waiting for up to ${formatClock(until.getTime() - Date.now())}`
}

export function backText({ awayMs }: BackNotice): string {
  return `the service is back after ${formatSeconds(awayMs)}`
}
