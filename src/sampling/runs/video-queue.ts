import type { Claim, Claims } from '../../claims/claims.js'

/** The videos of a run that this process has neither sampled nor found sampled. */
export interface VideoQueue {
  /** Ascending. */
  readonly left: readonly number[]
  /**
   * Claims videos that nobody is at work on.
   * @param count at most so many
   * @returns `found`: videos found sampled on the way
   */
  take(count: number): { readonly taken: readonly ClaimedVideo[]; readonly found: readonly number[] }
  /** Another process has the video now: it is looked at again. */
  putBack(video: number): void
}

export interface ClaimedVideo {
  readonly video: number
  readonly claim: Claim
}

export interface VideoQueueOptions {
  readonly claims: Claims
  /** What claims are named after. */
  readonly nameOf: (video: number) => string
  /** Whether the files are there that are once a video is sampled. */
  readonly isDone: (video: number) => boolean
  /** Called, holding its claim, for a video that is sampled: removes what a killed process left of it. */
  readonly tidy: (video: number) => void
  /** Looks once, for any number of videos, of which there is anything to tidy. */
  readonly lookForUntidy: () => (video: number) => boolean
}

export function videoQueue(videos: readonly number[], options: VideoQueueOptions): VideoQueue {
  const { claims, nameOf, isDone, tidy, lookForUntidy } = options
  const left = new Set(videos)
  const tidyUp = (video: number) => {
    const claim = claims.claim(nameOf(video))
    if (!claim) return
    tidy(video)
    claim.release()
  }
  return {
    get left() {
      return [...left].sort((one, other) => one - other)
    },
    take(count) {
      const taken: ClaimedVideo[] = []
      const found: number[] = []
      let tryClaim: ReturnType<Claims['look']> | undefined
      let isUntidy: ((video: number) => boolean) | undefined
      for (const video of this.left) {
        if (taken.length === count) break
        const claim = isDone(video) ? undefined : (tryClaim ??= claims.look())(nameOf(video))
        // Also looked at with the claim in hand: it may have been sampled in between.
        if (isDone(video)) {
          claim?.release()
          isUntidy ??= lookForUntidy()
          if (isUntidy(video)) tidyUp(video)
          found.push(video)
          left.delete(video)
        } else if (claim) {
          taken.push({ video, claim })
          left.delete(video)
        }
      }
      return { taken, found }
    },
    putBack: (video) => void left.add(video),
  }
}
