/** The values of `--credentials`: the role of an instance, that of a service account, or the chain of the cloud's own package. */
export const CREDENTIAL_SOURCES = ['instance', 'oidc', 'chain'] as const

export type CredentialSource = (typeof CREDENTIAL_SOURCES)[number]

export function isCredentialSource(text: string): text is CredentialSource {
  return CREDENTIAL_SOURCES.some((name) => name === text)
}
