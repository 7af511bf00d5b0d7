import type { ClaimOptions } from '../claims/claims.js'
import type { TrainConfig } from '../config/training.js'
import type { VideoDataset } from '../data/dataset.js'
import type { RankGroup } from '../runtime/rank-group.js'
import type { Metrics, Tracker } from '../tracking/tracker.js'
import type { BadStep } from './bad-steps/bad-step-report.js'
import type { Anew } from './checkpoints/resume.js'
import type { ResolvedTrainConfig, Saved } from './checkpoints/save-checkpoint.js'
import type { DiskNews } from './outages/disk-news.js'
import type { SavePatience } from './outages/save-patience.js'
import type { Preview } from './previews/sample-preview.js'
import type { RunPlace } from './run-place.js'

export interface TrainRun {
  /** As `resolveTrainConfig` gives it, or `resumeTrainConfig` to go on with a run; `image_size` and `T` have to be the data set's, or are left to it. */
  readonly config: TrainConfig
  /** The training split. */
  readonly dataset: VideoDataset
  /** The folder of a new run below `root`: letters, digits, `.`, `_` and `-`. A resumed run has its own name. */
  readonly newRunId: string
  /** Whether a new run may be one of that id that was stopped before it saved anything; its log is written anew. */
  readonly startsOver?: boolean
  /** The folder of all runs, made if it is not there. Default: `checkpoints`. */
  readonly root?: string
  /** Milliseconds since some moment. Default: `performance.now`. */
  readonly now?: () => number
  /** Numbers of the moment, such as `heldMemory`, that each line of the log gets. */
  readonly measure?: () => Metrics
  /**
   * Ends the run after the step under way, which is saved: `train` gives a result as ever. A preview under way is
   * given up, and a disk that takes nothing is waited for as `savePatience.whenStopped` says. Where another process
   * may have the run, `train` waits no longer and throws the signal's reason.
   */
  readonly signal?: AbortSignal
  /** Called if the run may be in the hands of another process, which is then watched for a sign of life. */
  readonly onOther?: () => void
  /** How often a run shows that it is alive, and when one that does not counts as dead. Default: 5 s, 60 s. */
  readonly claims?: ClaimOptions
  /** Those that train together, each with `batch_size` videos; rank 0 alone writes and reports. */
  readonly ranks?: RankGroup | undefined
  /**
   * Told every `log_interval` steps; the run's `log.jsonl` is written besides. Once `onStart` was called they are
   * closed when the run ends, however it does: what one throws then is thrown by `train` if the run did not fail
   * already. Before that, and at ranks other than 0, they are the caller's to close.
   */
  readonly trackers?: readonly Tracker[]
  /**
   * Opens more of them, those that have to know the run: called once, after `onStart`. They are closed as the others
   * are. If it throws it has to close what it has opened.
   */
  readonly openTrackers?: (start: RunStart) => readonly Tracker[]
  /** Called once, when all is read and checked, before anything is computed or logged. */
  readonly onStart?: (start: RunStart) => void
  /**
   * Called after each step, skipped ones included.
   * @param step steps done
   * @param total the last step, where the run has one
   * @param loss the batch's mean over its videos as they are, NaN or infinite where it is: the log's `loss` weights
   * each by the importance of its timestep, which differs with `schedule_sampler` `loss-second-moment`
   */
  readonly onStep?: (step: number, total: number | undefined, loss: number) => void
  /** Told of each step that was skipped, and of the batch that made it bad. */
  readonly onBadStep?: (bad: BadStep) => void
  /**
   * Called when the files of a step are all written, before older ones are removed.
   * @param step steps done then
   */
  readonly onSave?: (saved: Saved, step: number) => void
  /** Told when a disk does not take what the run writes, and when it does again: the run goes on meanwhile. */
  readonly onDisk?: (news: DiskNews) => void
  /**
   * How long a disk that does not take what is saved is waited for. Default: training goes on for a minute or more
   * between two tries; at the end it is tried for some ten minutes, for 22 seconds where the run was told to stop.
   */
  readonly savePatience?: Partial<SavePatience>
  /** Called while videos are sampled, with the denoising steps done, from 0 on. */
  readonly onSampleStep?: (step: number, done: number, total: number) => void
  /** Without it no videos are sampled during training. Called again for those that a disk did not take. */
  readonly onSample?: (preview: Preview, step: number) => void | Promise<void>
}

/** With everything filled in that may be left to the data set. */
export interface ResolvedTrainRun extends TrainRun {
  readonly config: ResolvedTrainConfig
}

export interface RunStart extends RunPlace {
  /** Whether a new run was begun before, and stopped before it saved anything. */
  readonly startsOver: boolean
  /** Updates done before. */
  readonly step: number
  /** Step of the last line of the log that it goes on from. */
  readonly lastLine: number
  /** The checkpoint it goes on from. */
  readonly checkpoint: string | undefined
  readonly anew: Anew
  /** What is different about the videos of a resumed run, in words. */
  readonly changedData: string | undefined
  /** Videos of all ranks in a batch, when the checkpoint was saved if that is known, and now. */
  readonly commonBatch: { readonly before: number | undefined; readonly now: number }
  readonly numParameters: number
}

export interface RunResult {
  readonly runId: string
  readonly folder: string
  readonly step: number
  /** Whether that is the last step asked for; else the run was stopped before. */
  readonly isLast: boolean
  /** The last files written by this call, if any were. */
  readonly saved: Saved | undefined
}
