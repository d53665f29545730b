/** Keys that must survive URLs, signatures, headers and XML, in the order of their bytes. */
export const UNUSUAL_KEYS: readonly string[] = [
  'a\u0001\u001f b',
  'a b  c ',
  'a!*\'()~"',
  'a#?&=;:@$,',
  'a%2Fb%20c',
  'a+b',
  'a//b/../c/.',
  'a<b>&amp;c',
  'a\\b^`{|}',
  'a\u007fb',
  'aé中文',
  'a😀',
]
