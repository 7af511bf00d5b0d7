import type { DiskNews } from './disk-news.js'
import { outage } from './outage.js'
import type { Preview } from './sample-preview.js'

/** How many are kept: each is a few megabytes. */
const MOST = 20

/**
 * Previews that wait until the disk takes them.
 * @param write called again for one that was not written
 */
export function heldPreviews(
  write: (preview: Preview, step: number) => void | Promise<void>,
  tell: (news: DiskNews) => void,
) {
  const held: { readonly preview: Preview; readonly step: number }[] = []
  const place = outage('the preview', tell)
  /** As that of `heldWrites`. */
  const flush = async (): Promise<Error | undefined> => {
    try {
      for (let next = held[0]; next; next = held[0]) {
        await write(next.preview, next.step)
        held.shift()
      }
    } catch (error) {
      return place.failed(error)
    }
    place.worked()
    return undefined
  }
  return {
    async add(preview: Preview, step: number): Promise<void> {
      held.push({ preview, step })
      await flush()
      if (held.length <= MOST) return
      held.shift()
      place.lost()
    },
    flush,
  }
}
