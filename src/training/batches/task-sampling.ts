import type { HostRandom } from '../../random.js'

/** Which frames of a window are given and which are to be predicted: positions, ascending, disjoint. */
export interface Task {
  readonly observed: readonly number[]
  readonly latent: readonly number[]
}

/**
 * Draws a training task: at first one group of frames is latent, then further groups become observed or
 * latent with equal chance, until the next one would not fit (Harvey et al. 2022, algorithm 1).
 * @param T frames in the window
 * @param maxFrames K: most frames of the task; it has at most min(K, T)
 * @returns at least one latent frame
 */
export function sampleTask(random: HostRandom, T: number, maxFrames: number): Task {
  const limit = Math.min(maxFrames, T)
  const observed = new Set<number>()
  const latent = new Set(sampleFrameGroup(random, T, maxFrames))
  // A full task is done whatever group would come next; without this, K >= T would never end.
  while (observed.size + latent.size < limit) {
    const chosen = random.uniform() < 0.5 ? observed : latent
    const fresh = sampleFrameGroup(random, T, maxFrames).filter(
      (frame) => !observed.has(frame) && !latent.has(frame),
    )
    if (observed.size + latent.size + fresh.length > limit) break
    for (const frame of fresh) chosen.add(frame)
  }
  return { observed: ascending(observed), latent: ascending(latent) }
}

/**
 * Draws one group of evenly spaced frames, whose spacing is log-uniform from 1 to all that fits.
 * @returns 1 to min(K, T) different positions in [0, T), ascending
 */
export function sampleFrameGroup(random: HostRandom, T: number, maxFrames: number): readonly number[] {
  for (;;) {
    const n = random.integer(1, Math.min(maxFrames, T) + 1)
    // 0.999 keeps a group of one frame finite; the spacing may then leave the window: drawn again below.
    const spacing = Math.exp(random.uniform() * Math.log(T / (n - 0.999)))
    const start = random.uniform() * (T - spacing * (n - 1))
    const frames = Array.from({ length: n }, (_, i) => Math.floor(start + i * spacing))
    if (frames.every((frame) => frame >= 0 && frame < T)) return frames
  }
}

const ascending = (frames: Iterable<number>) => [...frames].sort((a, b) => a - b)
