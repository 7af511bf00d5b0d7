import { createHash } from 'node:crypto'
import { UserError } from '../../errors.js'
import { differingRanks } from '../../runtime/differing-ranks.js'
import type { RankGroup } from '../../runtime/rank-group.js'
import type { VideoList } from './video-list.js'

/**
 * Checks that all ranks read the same videos, without which they do not share one batch.
 * @throws UserError naming the ranks that differ from rank 0, at every rank.
 */
export async function checkSameVideos(ranks: RankGroup, videos: VideoList | undefined): Promise<void> {
  const hash = createHash('sha256')
    .update(videos?.sha256 ?? '')
    .digest()
  const differing = await differingRanks(ranks, hash)
  if (differing.length > 0)
    throw new UserError(
      `rank ${differing.join(', ')} does not read the videos that rank 0 reads: all machines need the same ` +
        'files; see whether some were left out with --skip_bad',
    )
}
