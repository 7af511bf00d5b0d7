import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the service holds of a run. */
export interface FakeRun {
  config: Record<string, unknown>
  displayName: string | null
  /** Parsed lines of its history, by number. */
  readonly history: Record<string, unknown>[]
  summary: Record<string, unknown>
  readonly media: Map<string, Buffer>
  exitCode: number | undefined
}

/** How the service behaves: as it should, not at all, with errors, or without an answer. */
export type Behaviour = 'well' | 'dropping' | 'failing' | 'hanging' | 'refusing'

/** A server on this machine that speaks W&B's protocol as far as a run needs it. */
export interface FakeWandb {
  readonly url: string
  behaviour: Behaviour
  /** By `entity/project/run id`. */
  readonly runs: Map<string, FakeRun>
  /** Requests that came in, whatever became of them. */
  readonly requests: string[]
  /** Lines that were sent again with other content than before. */
  readonly conflicts: string[]
  close(): Promise<void>
}

/** @param key the only API key that it takes */
export async function fakeWandb(key: string): Promise<FakeWandb> {
  const runs = new Map<string, FakeRun>()
  const hanging = new Set<ServerResponse>()
  const fake = { behaviour: 'well' as Behaviour, runs, requests: [] as string[], conflicts: [] as string[] }
  const server = createServer((request, response) => {
    void answer(request, response)
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const url = request.url ?? ''
    fake.requests.push(`${request.method} ${url}`)
    const reply = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (fake.behaviour === 'dropping') {
      request.socket.destroy()
      return
    }
    if (fake.behaviour === 'hanging') {
      hanging.add(response)
      return
    }
    if (fake.behaviour === 'failing') {
      reply(503, { error: 'down for maintenance' })
      return
    }
    if (url.startsWith('/storage/')) {
      const [run = '', name = ''] = decodeURIComponent(url.slice('/storage/'.length)).split('//')
      runs.get(run)?.media.set(name, body)
      reply(200, {})
      return
    }
    const expected = `Basic ${Buffer.from(`api:${key}`).toString('base64')}`
    if (request.headers.authorization !== expected || fake.behaviour === 'refusing') {
      reply(401, { error: 'user is not logged in' })
      return
    }
    const parsed = JSON.parse(body.toString() || '{}') as Record<string, unknown>
    if (url.startsWith('/graphql')) reply(200, graphql(parsed))
    else reply(...stream(url, parsed))
  }

  function graphql({ query, variables }: Record<string, unknown>): unknown {
    const text = String(query)
    const given = (variables ?? {}) as Record<string, string | null | undefined>
    const entity = given.entity ?? 'me'
    if (text.includes('UpsertBucket')) {
      const place = `${entity}/${given.project}/${given.name}`
      const run = runs.get(place) ?? { config: {}, displayName: null, history: [], summary: {}, media: new Map<string, Buffer>(), exitCode: undefined } // prettier-ignore
      runs.set(place, run)
      run.config = JSON.parse(given.config ?? '{}') as Record<string, unknown>
      run.displayName = given.displayName ?? run.displayName
      const project = { id: 'p', name: given.project, entity: { id: 'e', name: entity } }
      const bucket = { id: 'r', name: given.name, displayName: run.displayName ?? 'fair-wind-1', description: null, config: given.config, sweepName: null, historyLineCount: run.history.length, project } // prettier-ignore
      return { data: { upsertBucket: { bucket, inserted: true } } }
    }
    if (text.includes('RunResumeStatus') || text.includes('bucket(')) {
      const run = runs.get(`${entity}/${given.project}/${given.name}`)
      const bucket = run && {
        id: 'r',
        name: given.name,
        displayName: run.displayName,
        historyLineCount: run.history.length,
        eventsLineCount: 0,
        logLineCount: 0,
        historyTail: JSON.stringify(run.history.slice(-1).map((line) => JSON.stringify(line))),
        eventsTail: '[]',
        summaryMetrics: JSON.stringify(run.summary),
        config: JSON.stringify(run.config),
        tags: [],
        wandbConfig: JSON.stringify({ t: {} }),
      }
      return {
        data: { model: { id: 'p', name: given.project, entity: { name: entity }, bucket: bucket ?? null } },
      }
    }
    if (text.includes('CreateRunFiles')) {
      const place = `${entity}/${given.project}/${given.run}`
      const names = (given.files as unknown as string[] | undefined) ?? []
      const files = names.map((name) => ({
        name,
        uploadUrl: `${address()}/storage/${encodeURIComponent(`${place}//${name}`)}`,
      }))
      return { data: { createRunFiles: { runID: 'r', uploadHeaders: ['Content-Type:image/gif'], files } } }
    }
    return { data: { viewer: { id: 'v', entity: 'me', username: 'me', flags: '{}', teams: { edges: [] } } } }
  }

  function stream(url: string, message: Record<string, unknown>): [number, unknown] {
    const match = /^\/files\/([^/]+)\/([^/]+)\/([^/]+)\/file_stream$/.exec(url)
    const run = runs.get((match ?? []).slice(1).map(decodeURIComponent).join('/'))
    if (!run) return [404, { error: 'run not found' }]
    const files = (message.files ?? {}) as Record<string, { offset: number; content: string[] }>
    const { 'wandb-history.jsonl': history, 'wandb-summary.json': summary } = files
    history?.content.forEach((line, i) => {
      const value = JSON.parse(line.replaceAll(/: ?(NaN|-?Infinity)/g, ':"$1"')) as Record<string, unknown>
      const known = run.history[history.offset + i]
      if (known && JSON.stringify(known) !== JSON.stringify(value)) fake.conflicts.push(line)
      run.history[history.offset + i] = value
    })
    const [newest] = summary?.content ?? []
    if (newest)
      run.summary = JSON.parse(newest.replaceAll(/: ?(NaN|-?Infinity)/g, ':"$1"')) as Record<string, unknown>
    if (message.complete) run.exitCode = Number(message.exitcode)
    return [200, {}]
  }

  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(fake, {
    url: address(),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}
