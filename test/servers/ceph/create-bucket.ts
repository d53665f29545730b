/** Creates the bucket that the environment names: the one call of S3 that this library has no use for. */
import { signSigV4, UNSIGNED_PAYLOAD } from '../../../src/signing/sigv4.js'

const {
  S3_TEST_ENDPOINT: endpoint = '',
  S3_TEST_ACCESS_KEY_ID: accessKeyId = '',
  S3_TEST_SECRET_ACCESS_KEY: accessKeySecret = '',
  S3_TEST_BUCKET: bucket = '',
  S3_TEST_REGION: region = '',
} = process.env

const url = new URL(`/${bucket}`, endpoint)
const request = { method: 'PUT', path: url.pathname, query: [], headers: { host: url.host } }
const context = { region, date: new Date(), payloadHash: UNSIGNED_PAYLOAD }
const headers = signSigV4(request, { accessKeyId, accessKeySecret }, context)
const answer = await fetch(url, { method: 'PUT', headers })
if (!answer.ok) throw new Error(`the bucket was not created: ${answer.status} ${await answer.text()}`)
