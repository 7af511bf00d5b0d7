import { UserError } from '../../errors.js'
import type { Validators } from './partial-file.js'

/** What a server gives. */
export type Answer =
  /** All bytes are there already. */
  | { readonly kind: 'whole' }
  /** Bytes from `start` on: after those that are there, or, where they are of no use, from the beginning. */
  | {
      readonly kind: 'bytes'
      readonly start: number
      readonly validators: Validators
      readonly body: AsyncIterable<Uint8Array>
    }

/**
 * Asks for the bytes of a file that are not there yet, if it is still the same file: by its ETag, else its time
 * of change, and by its length.
 * @param before bytes that are there, and what the server said of them
 * @param patience milliseconds to wait for the answer and for each piece of it
 * @throws UserError if the server refuses for good; any other error is worth another attempt.
 */
export async function requestFrom(
  url: string,
  before: { readonly bytes: number; readonly validators: Validators | undefined },
  patience: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const { bytes, validators: known } = before
  const isPart = bytes > 0 && known !== undefined
  const gaveUp = new AbortController()
  const watch = watchdog(gaveUp, patience)
  const response = await fetch(url, {
    // Compressed on the way, neither lengths nor ranges would be those of the file.
    headers: { 'accept-encoding': 'identity', ...(isPart && rangeHeaders(bytes, known)) },
    signal: signal ? AbortSignal.any([signal, gaveUp.signal]) : gaveUp.signal,
  }).catch((error: unknown) => {
    watch.stop()
    throw gaveUp.signal.aborted ? gaveUp.signal.reason : error
  })
  try {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
    if (response.status === 416 && isPart) {
      const whole = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
      if (Number(whole) === bytes && isSame(known, validatorsOf(response, bytes))) return await done(response)
      return await again(watch, url, patience, signal, response)
    }
    if (response.status === 206 && isPart) {
      const total = range?.[2] === undefined || range[2] === '*' ? known.total : Number(range[2])
      const validators = validatorsOf(response, total)
      if (Number(range?.[1]) !== bytes || !isSame(known, validators))
        return await again(watch, url, patience, signal, response)
      return { kind: 'bytes', start: bytes, validators, body: pieces(response, watch, gaveUp) }
    }
    if (response.status === 200) {
      const length = response.headers.get('content-length')
      const validators = validatorsOf(response, length === null ? undefined : Number(length))
      return { kind: 'bytes', start: 0, validators, body: pieces(response, watch, gaveUp) }
    }
    await response.body?.cancel()
    const what = `${response.status} ${response.statusText}`.trim()
    // Those that may pass: too busy, or down for a while.
    if (response.status >= 500 || response.status === 429 || response.status === 408)
      throw new Error(`the server says ${what}`)
    throw new UserError(`could not fetch ${url}: the server says ${what}`)
  } catch (error) {
    watch.stop()
    throw error
  }

  async function done(answered: Response): Promise<Answer> {
    watch.stop()
    await answered.body?.cancel()
    return { kind: 'whole' }
  }
}

/** What is there is of no use: from the beginning. */
async function again(
  watch: { stop(): void },
  url: string,
  patience: number,
  signal: AbortSignal | undefined,
  response: Response,
): Promise<Answer> {
  watch.stop()
  await response.body?.cancel()
  return requestFrom(url, { bytes: 0, validators: undefined }, patience, signal)
}

/** A server that knows `If-Range` sends all of a file that has changed. Weak tags do not tell bytes apart. */
function rangeHeaders(bytes: number, { etag, lastModified }: Validators): Record<string, string> {
  const condition = etag !== undefined && !etag.startsWith('W/') ? etag : lastModified
  return { range: `bytes=${bytes}-`, ...(condition !== undefined && { 'if-range': condition }) }
}

function validatorsOf({ headers }: Response, total: number | undefined): Validators {
  return {
    etag: headers.get('etag') ?? undefined,
    lastModified: headers.get('last-modified') ?? undefined,
    total,
  }
}

/** Nothing that both know may differ. */
function isSame(known: Validators, now: Validators): boolean {
  const names = ['etag', 'lastModified', 'total'] as const
  return names.every(
    (name) => known[name] === undefined || now[name] === undefined || known[name] === now[name],
  )
}

async function* pieces(
  response: Response,
  watch: ReturnType<typeof watchdog>,
  gaveUp: AbortController,
): AsyncGenerator<Uint8Array> {
  try {
    if (!response.body) return
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      watch.alive()
      yield piece
    }
  } catch (error) {
    throw gaveUp.signal.aborted ? gaveUp.signal.reason : error
  } finally {
    watch.stop()
  }
}

/** Aborts what shows no sign of life for a while. */
function watchdog(controller: AbortController, patience: number) {
  const bark = () => controller.abort(new Error(`nothing came for ${patience / 1000} seconds`))
  let timer = setTimeout(bark, patience)
  return {
    alive() {
      clearTimeout(timer)
      timer = setTimeout(bark, patience)
    },
    stop: () => clearTimeout(timer),
  }
}
