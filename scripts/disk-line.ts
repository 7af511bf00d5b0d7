import { counted } from '../src/counted.js'
import type { DiskNews } from '../src/training/outages/disk-news.js'

/** What a person is told when a disk does not take what a run writes, and when it does again. */
export function diskLine(news: DiskNews): string {
  switch (news.kind) {
    case 'not saved': {
      const seconds = news.wait < 100 ? `${Math.ceil(news.wait)} s` : `${Math.ceil(news.wait / 60)} minutes`
      const next = news.goesOn ? `training goes on and tries again in about ${seconds}` : `trying again in ${seconds}` // prettier-ignore
      return `step ${news.step} is not saved: ${news.reason}; ${next}`
    }
    case 'saved again':
      return `step ${news.step} could be saved, after ${counted(news.failures, 'try', 'tries')} in vain`
    case 'not written':
      return `${news.reason}: training goes on, and ${news.what} is kept in memory until that changes`
    case 'written again':
      return news.lost > 0
        ? `${news.what} is written again, but for the oldest ${counted(news.lost, 'entry', 'entries')} of the time between, which were too many to keep`
        : `${news.what} is written again, with all that was kept`
    case 'not removed':
      return `older checkpoints could not be removed: ${news.reason}; it is tried again with the next`
  }
}
