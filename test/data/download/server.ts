import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Answers {
  /** What the file is, by the number of the request. */
  readonly content: (request: number) => Buffer
  readonly etag?: (request: number) => string | undefined
  /** Bytes of the answer after which the connection is cut. */
  readonly cutAfter?: (request: number) => number | undefined
  readonly ignoresRanges?: boolean
  /** Where the range begins that is served, whichever was asked for. */
  readonly servesFrom?: (request: number) => number | undefined
  /** Serves a range whatever `If-Range` says. */
  readonly ignoresConditions?: boolean
  readonly status?: (request: number) => number | undefined
  /** Says nothing after so many bytes, and keeps the connection. */
  readonly stallsAfter?: (request: number) => number | undefined
  readonly hidesLength?: boolean
}

export interface Server {
  readonly url: string
  /** Headers of all requests so far. */
  readonly requests: IncomingMessage['headers'][]
}

/** A server of one file that misbehaves as it is told. */
export async function serve(answers: Answers): Promise<Server> {
  const requests: IncomingMessage['headers'][] = []
  const server = createServer((request, response) =>
    answer(request, response, requests.push(request.headers) - 1, answers),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/folder/file.bin`, requests }
}

function answer(request: IncomingMessage, response: ServerResponse, number: number, answers: Answers): void {
  const status = answers.status?.(number)
  if (status !== undefined) {
    response.writeHead(status).end()
    return
  }
  const content = answers.content(number)
  const etag = answers.etag?.(number)
  const { range, 'if-range': condition } = request.headers
  const start = answers.servesFrom?.(number) ?? Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
  const fits = answers.ignoresConditions === true || condition === undefined || condition === etag
  const isPart = range !== undefined && answers.ignoresRanges !== true && fits
  if (etag !== undefined) response.setHeader('etag', etag)
  if (isPart && start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
    return
  }
  const body = isPart ? content.subarray(start) : content
  if (isPart) response.setHeader('content-range', `bytes ${start}-${content.length - 1}/${content.length}`)
  if (answers.hidesLength !== true) response.setHeader('content-length', body.length)
  response.writeHead(isPart ? 206 : 200)
  const [cut, stall] = [answers.cutAfter?.(number), answers.stallsAfter?.(number)]
  if (cut !== undefined) response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20))
  else if (stall !== undefined) response.write(body.subarray(0, stall))
  else response.end(body)
}
