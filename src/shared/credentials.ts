/** What a request is signed with. Taken as one snapshot, so that id, secret and token always belong together. */
export interface Credentials {
  accessKeyId: string
  accessKeySecret: string
  /** The token of temporary (STS) credentials. */
  securityToken?: string | undefined
}
