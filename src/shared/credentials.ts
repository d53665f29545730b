/** What a request is signed with. Read as one snapshot, so that ID, secret and token always belong together. */
export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  /** The token of temporary (STS) credentials. */
  securityToken?: string | undefined
}
