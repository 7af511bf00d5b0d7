import { rmSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from '../../files/temporary-folder.js'
import { extractEntry, listEntries } from '../../setup/unzip.js'
import { byName } from '../by-name.js'
import { decodeVideo } from '../decode-video.js'
import type { PublishedVideo, PublishedVideos } from './published-videos.js'

/**
 * The films of a zip archive, `train/*.mp4` and `test/*.mp4` in whatever folder, in the order of their names.
 * Each is unpacked when its turn comes, and no longer than it takes.
 * @throws UserError naming the archive if it is damaged.
 */
export async function filmArchive(archive: string): Promise<PublishedVideos | undefined> {
  const entries = await listEntries(archive)
  const films = (split: string) =>
    entries
      .filter((entry) => new RegExp(`(^|/)${split}/[^/.][^/]*\\.(mp4|avi|mov|mkv|webm)$`, 'i').test(entry))
      .sort(byName)
      .map((entry) => filmIn(archive, entry))
  const [train, test] = [films('train'), films('test')]
  return train.length + test.length > 0 ? { train, test, form: 'an archive of films' } : undefined
}

function filmIn(archive: string, entry: string): PublishedVideo {
  return {
    name: `${archive}: ${entry}`,
    async *frames(size, program, signal) {
      // Films need a file: their tables may stand at the end.
      const folder = temporaryFolder('fdm-film-')
      try {
        const file = path.join(folder, path.basename(entry))
        await extractEntry(archive, entry, file)
        yield* decodeVideo(file, { size, program }, signal)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}
