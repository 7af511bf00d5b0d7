/** What a stage conditions on and what it samples: positions in the full video, in the order they are fed. */
export interface Stage {
  readonly observed: readonly number[]
  readonly latent: readonly number[]
}

export interface SchemeSettings {
  /** N: frames of the whole video. */
  readonly videoLength: number
  /**
   * The frames that are given: how many first ones (n_obs; 0: none), or, for schemes that take any frames,
   * their positions, ascending.
   */
  readonly observed: number | readonly number[]
  /** K: most frames the network takes at once. */
  readonly maxFrames: number
  /** Most new frames per stage: `--max_latent_frames` of the commands, `maxLatentFrames` of `sampleVideo`. */
  readonly stepSize: number
}

/** What an adaptive scheme may look at: how different frames look. */
export interface FrameDistances {
  /**
   * Of a frame that is done, the distance to every frame that is done, by position: 0 or more, the same either
   * way. What stands at other positions does not matter.
   */
  from(frame: number): Float64Array
}

/**
 * The order in which one video is filled in. Stages come lazily, because an adaptive scheme chooses what to
 * condition on from frames sampled so far; each video of a batch walks its own iterator.
 */
export interface SamplingScheme {
  readonly name: string
  /** One line for `--help`. */
  readonly summary: string
  /** Whether `stages` needs `distances`. What it samples in which stage never depends on them. */
  readonly adaptive: boolean
  /**
   * @throws UserError, before the first stage, for settings that cannot work.
   */
  stages(settings: SchemeSettings, distances?: FrameDistances): Iterable<Stage>
}
