/** The explanation of the progress line. */

const RATES = [
  ['12.3 MiB/s', 'of the last seconds; mean is that of the whole transfer'],
  ['0:42', 'the time so far; 1:23 left is an estimate'],
] as const

const OUTAGE = ['service away', 'requests wait until the service is back, or the time to wait is over'] as const

export const PROGRESS_WORDS: Readonly<Record<string, readonly (readonly [word: string, meaning: string])[]>> = {
  put: [
    ['1.2/3.4 GiB', 'sent, of the size that is known or expected'],
    ...RATES,
    ['154+5 parts', '154 parts are stored, 5 are in flight'],
    ['slow: source', 'the upload waits for the command or the pipe more than for the network'],
    ['slow: network', 'the command or the pipe waits for the upload'],
    ['slow: limit', 'the rate is that of --bandwidth-limit'],
    ['8.0 MiB held', 'read from the source and not sent yet'],
    ['2 retries', 'requests that failed and were sent again'],
    OUTAGE,
  ],
  get: [
    ['1.2/3.4 GiB', 'handed on, of the size of the object'],
    ...RATES,
    ['slow: reader', 'the download waits for the command, the pipe or the disk'],
    ['slow: network', 'the command or the pipe waits for the download'],
    ['slow: limit', 'the rate is that of --bandwidth-limit'],
    ['8.0 MiB held', 'received and not handed on yet'],
    ['2 retries', 'requests that failed and were sent again'],
    OUTAGE,
  ],
}
