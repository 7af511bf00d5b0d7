import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { RunTarget } from './run-target.js'
import type { ServiceSettings } from './settings.js'

/** Why the service did not take something. */
export class ServiceError extends Error {
  /** @param refused whether asking again makes no sense: a wrong key, no right to write there */
  constructor(
    message: string,
    readonly refused: boolean,
  ) {
    super(message)
  }
}

/** What the service knows of a run. */
export interface RunStatus {
  readonly historyLines: number
  /** Of its last line; -1 if there is none. */
  readonly lastStep: number
}

/** Lines from a line on of one of the service's files of a run. */
export interface FileLines {
  readonly offset: number
  readonly content: readonly string[]
}

/** One message to a run's stream: what is in it twice, at the same offset, counts once. */
export interface StreamMessage {
  readonly files?: Readonly<Record<string, FileLines>>
  /** Pictures and videos that have been uploaded. */
  readonly uploaded?: readonly string[]
  readonly complete?: true
  readonly exitcode?: number
}

/** The requests that the sender makes to W&B besides those of its library. */
export interface Service {
  /** @returns undefined for a run that it does not know */
  runStatus(target: RunTarget): Promise<RunStatus | undefined>
  stream(target: RunTarget, message: StreamMessage): Promise<void>
  /** @param name path below `folder`, and the service's name for the file */
  upload(target: RunTarget, folder: string, name: string): Promise<void>
}

/** Statuses that another try does not change, as W&B's own programs have them. */
const REFUSALS: readonly number[] = [400, 401, 403, 404, 409, 410]

const RUN_STATUS = `query RunResumeStatus($project: String, $entity: String, $name: String!) {
  model(name: $project, entityName: $entity) {
    bucket(name: $name, missingOk: true) { name historyLineCount historyTail }
  }
}`

const CREATE_FILES = `mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    uploadHeaders
    files { name uploadUrl }
  }
}`

/** @param timeout milliseconds after which a request without an answer counts as failed */
export function wandbService({ baseUrl, apiKey }: ServiceSettings, timeout: number): Service {
  const headers = {
    authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`,
    'content-type': 'application/json',
  }
  const post = (where: string, body: unknown) =>
    request(`${baseUrl}${where}`, { method: 'POST', headers, body: JSON.stringify(body) }, timeout)
  const ask = async (query: string, variables: unknown): Promise<Record<string, unknown>> => {
    const answer = await post('/graphql', { query, variables })
    const { data } = (await answer.json().catch(() => ({}))) as { data?: unknown }
    return isRecord(data) ? data : {}
  }
  return {
    async runStatus({ entity, project, runId }) {
      const variables = { project, entity: entity || null, name: runId }
      const { model } = await ask(RUN_STATUS, variables)
      const bucket = isRecord(model) ? model.bucket : undefined
      if (!isRecord(bucket)) return undefined
      const historyLines = Number(bucket.historyLineCount ?? 0)
      return { historyLines, lastStep: lastStepOf(bucket.historyTail) }
    },

    async stream({ entity, project, runId }, message) {
      const place = [entity, project, runId].map(encodeURIComponent).join('/')
      await post(`/files/${place}/file_stream`, message)
    },

    async upload({ entity, project, runId }, folder, name) {
      const bytes = readFileSync(path.join(folder, name))
      const { createRunFiles: made } = await ask(CREATE_FILES, { entity, project, run: runId, files: [name] })
      const [file] = isRecord(made) && Array.isArray(made.files) ? (made.files as unknown[]) : []
      if (!isRecord(made) || !isRecord(file) || typeof file.uploadUrl !== 'string')
        throw new ServiceError(`no place for ${name} was given`, false)
      const extra = Array.isArray(made.uploadHeaders) ? made.uploadHeaders.map(String) : []
      await request(
        new URL(file.uploadUrl, baseUrl).href,
        { method: 'PUT', headers: Object.fromEntries(extra.map(splitHeader)), body: Uint8Array.from(bytes) },
        timeout,
      )
    },
  }
}

async function request(url: string, init: RequestInit, timeout: number): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeout) })
  } catch (error) {
    throw new ServiceError(reasonOf(error), false)
  }
  if (response.ok) return response
  const text = await response.text().catch(() => '')
  throw new ServiceError(
    `status ${response.status} ${text.replace(/\s+/g, ' ').slice(0, 200)}`.trim(),
    REFUSALS.includes(response.status),
  )
}

/** What `fetch` says lies in the error's cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer'
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message
}

/** The history's tail is a JSON list of lines, each JSON itself. */
function lastStepOf(tail: unknown): number {
  try {
    const lines: unknown = JSON.parse(String(tail))
    const last: unknown = Array.isArray(lines) ? JSON.parse(String(lines.at(-1))) : undefined
    return isRecord(last) && typeof last._step === 'number' ? last._step : -1
  } catch {
    return -1
  }
}

/** `Content-Type:image/gif` */
function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
