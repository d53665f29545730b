/** Lists the objects and the unfinished uploads of a bucket, page by page. */
import type { HttpAnswer } from '../http/http-message.js'
import type { XmlElement } from '../shared/text/xml.js'
import type { QueryParameter } from '../signing/signable-request.js'
import type { Dialect } from './dialect.js'
import { date, objectsPageQuery, readObjectsPage, readUploadsPage, uploadsPageQuery } from './listings.js'
import { optionWord } from './object/object-head.js'
import type { AnswerReader } from './request/answer-reader.js'
import type { Requester } from './request/requester.js'
import type { CallContext, ObjectsPage, ObjectsPageRequest, UploadsPage, UploadsPageRequest } from './store-driver.js'

/** Requests percent-encoded names, because XML cannot contain every key. */
export const ENCODED: QueryParameter = ['encoding-type', 'url']

interface ListCall<Page> {
  operation: string
  query: readonly QueryParameter[]
  /** The name of the document's root element. */
  document: string
  read: (root: XmlElement, headers: HttpAnswer['headers']) => Page
}

export class BucketLists {
  readonly #dialect: Dialect
  readonly #answers: AnswerReader
  readonly #requester: Requester
  /** Operations whose response did not contain the requested encoding. */
  readonly #plain = new Set<string>()

  constructor(dialect: Dialect, answers: AnswerReader, requester: Requester) {
    this.#dialect = dialect
    this.#answers = answers
    this.#requester = requester
  }

  async uploads(page: UploadsPageRequest, context: CallContext): Promise<UploadsPage> {
    return this.#list(
      {
        operation: 'ListMultipartUploads',
        query: [['uploads', ''], ...uploadsPageQuery(page)],
        document: 'ListMultipartUploadsResult',
        read: (root, headers) => ({
          ...readUploadsPage(root, page, this.#dialect.listsUploadsBy),
          ...(isMinio(headers) ? { isPartial: true } : {}),
        }),
      },
      context,
    )
  }

  async objects(page: ObjectsPageRequest, context: CallContext): Promise<ObjectsPage> {
    const { listsObjectsBy: by, encodesNames } = this.#dialect
    const list = await this.#list(
      {
        operation: 'ListObjects',
        query: objectsPageQuery(page, by),
        document: 'ListBucketResult',
        read: (root) => readObjectsPage(root, page, { by, isTokenEncoded: encodesNames === 'always' }),
      },
      context,
    )
    const objects = list.objects.map((object) => {
      const { storageClass } = object
      return storageClass === undefined ? object : { ...object, storageClass: optionWord(storageClass, this.#dialect) }
    })
    return { ...list, objects }
  }

  async #list<Page extends object>(call: ListCall<Page>, context: CallContext): Promise<Page & { answeredAt?: Date }> {
    if (!this.#plain.has(call.operation)) {
      const found = await this.#ask(call, [ENCODED], context)
      if (found !== undefined) return found
      this.#plain.add(call.operation)
    }
    const found = await this.#ask(call, [], context)
    if (found === undefined) throw new Error('Invariant: a page without a requested encoding can be read')
    return found
  }

  /** Resolves with undefined if the response does not contain the requested encoding. */
  async #ask<Page extends object>(
    { operation, query, document, read }: ListCall<Page>,
    encoding: readonly QueryParameter[],
    context: CallContext,
  ): Promise<(Page & { answeredAt?: Date }) | undefined> {
    const call = { operation, method: 'GET', query: [...query, ...encoding] } as const
    return this.#requester.call(call, context, (answer) =>
      this.#answers.understand(answer, async () => {
        const root = await this.#answers.root(answer, document)
        // Ceph encodes the keys of uploads but not the markers, and the response does not contain the encoding.
        const isUnclear =
          encoding.length > 0 && this.#dialect.encodesNames !== 'always' && root.text('EncodingType') !== 'url'
        return isUnclear ? undefined : { ...read(root, answer.headers), ...date('answeredAt', answer.headers['date']) }
      }),
    )
  }
}

/** MinIO lists unfinished uploads by their exact key (docs/wire-facts.md). */
function isMinio(headers: HttpAnswer['headers']): boolean {
  return /^minio\b/i.test(headers['server'] ?? '')
}
