import path from 'node:path'
import { downloadFile } from '../src/data/download/download-file.js'
import { DOWNLOADS, downloadNames, type RemoteFile } from '../src/data/download/downloads.js'
import { unpack } from '../src/data/download/unpack.js'
import { UserError } from '../src/errors.js'
import { withProgress, type Terminal } from './terminal.js'

export interface DownloadRequest {
  readonly name: string
  readonly root: string
  readonly mirror: string
  readonly unpack: boolean
  readonly dry_run: boolean
}

const MEGABYTE = 1e6

/**
 * Fetches what has a name, and unpacks it.
 * @throws UserError if there is nothing of that name, or it cannot be fetched.
 */
export async function runDownload(request: DownloadRequest, terminal: Terminal): Promise<void> {
  const { name, root, mirror, dry_run: dryRun } = request
  const download = Object.hasOwn(DOWNLOADS, name) ? DOWNLOADS[name] : undefined
  if (!download)
    throw new UserError(
      `there is nothing to fetch by the name ${name}: choose one of ${downloadNames.join(', ')}`,
    )
  for (const remote of download.files) {
    const [url, file] = [address(remote, mirror), path.join(root, remote.file)]
    if (dryRun) terminal.log(`${url} -> ${file}`)
    else await fetchFile(url, file, terminal)
  }
  if (dryRun) return
  const { unpackTo, files } = download
  if (unpackTo !== undefined && request.unpack)
    await unpackFile(path.join(root, files[0]?.file ?? ''), path.join(root, unpackTo), terminal)
  terminal.log(download.next)
}

function address({ url }: RemoteFile, mirror: string): string {
  const from = mirror === '' ? url : `${mirror.replace(/\/$/, '')}/${path.posix.basename(url)}`
  if (!URL.canParse(from)) throw new UserError(`--mirror takes an address such as https://.., not ${mirror}`)
  return from
}

async function fetchFile(url: string, file: string, terminal: Terminal): Promise<void> {
  const { kept, bytes, sha256 } = await withProgress(
    terminal,
    `fetching ${path.basename(file)}, MB`,
    (update) =>
      downloadFile(url, file, {
        onProgress: (done, total) => update(megabytes(done), megabytes(total ?? done)),
        onRetry: (reason) => terminal.log(`${reason}: asking again`),
        signal: terminal.signal,
      }),
  )
  terminal.log(`${file} ${kept ? 'is there already' : 'received'}: ${bytes} bytes, SHA-256 ${sha256}`)
}

async function unpackFile(archive: string, folder: string, terminal: Terminal): Promise<void> {
  const isNew = await withProgress(terminal, `unpacking ${path.basename(archive)}, files`, (update) =>
    unpack(archive, folder, (count, name) => update(count, count, name), terminal.signal),
  )
  terminal.log(isNew ? `unpacked into ${folder}` : `${folder} is there already: nothing was unpacked`)
}

const megabytes = (bytes: number) => Math.round(bytes / MEGABYTE)
