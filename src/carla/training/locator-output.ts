import path from 'node:path'
import { LostWork } from '../../errors.js'
import { writeTorchFile, type TorchInput } from '../../torch-file/index.js'
import { jsonLines } from '../../tracking/json-lines.js'
import type { Metrics } from '../../tracking/tracker.js'
import type { RunClaim } from '../../training/claim-run.js'
import type { DiskNews } from '../../training/outages/disk-news.js'
import { heldTracker } from '../../training/outages/held-tracker.js'
import { heldWrites } from '../../training/outages/held-writes.js'
import { patientSave, type SaveTry } from '../../training/outages/patient-save.js'
import { SAVE_PATIENCE, type SavePatience } from '../../training/outages/save-patience.js'
import { tryAgain } from '../../training/outages/try-again.js'

export interface LocatorOutputSetup {
  /** The run's folder, which is there. */
  readonly folder: string
  /** Epochs that are tested when it begins. */
  readonly tested: number
  readonly claim: Pick<RunClaim, 'requireHeld'>
  readonly onDisk?: ((news: DiskNews) => void) | undefined
  /** Called when the best network so far is written, and when the state is. */
  readonly onBest?: ((file: string) => void) | undefined
  readonly onSave?: ((step: number) => void) | undefined
  readonly patience?: SavePatience | undefined
  readonly now?: (() => number) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a run of `trainLocator` writes: what a disk does not take while it goes on is kept and tried again. */
export interface LocatorOutput {
  /** A line of the log. @param epochs that are done */
  log(epochs: number, numbers: Metrics): void
  /** The best network of all so far, which is written with the next save. */
  keepBest(epoch: number, stateDict: TorchInput): void
  /**
   * @param write writes the state that a run goes on from
   * @returns the steps after which it is to be called again, 0 when all is saved
   */
  save(write: () => void, asked: SaveTry): Promise<number>
  /** @throws LostWork if the disk still does not take the log, after some tries. */
  settle(): Promise<void>
}

/** @throws UserError if the log cannot be read or written. */
export function locatorOutput({
  folder,
  tested,
  claim,
  onDisk,
  onBest,
  onSave,
  patience = SAVE_PATIENCE,
  now = () => performance.now(),
  signal,
}: LocatorOutputSetup): LocatorOutput {
  const tell = (news: DiskNews) => onDisk?.(news)
  const lines = heldWrites({ what: 'the log', now, tell })
  const log = heldTracker(jsonLines(path.join(folder, 'log.jsonl'), tested), lines, () => claim.requireHeld())
  const saving = patientSave({ patience, now, tell, signal })
  let best: { readonly file: string; readonly stateDict: TorchInput } | undefined
  const writeBest = () => {
    if (!best) return
    const { file, stateDict } = best
    writeTorchFile(file, stateDict)
    best = undefined
    onBest?.(file)
  }
  /** Before the state: a run that goes on from it does not write these lines again. */
  const flushLog = () => {
    try {
      lines.flush()
    } catch {
      // It must not keep the state from being written; the end of the run says so.
    }
  }
  return {
    log(epochs, numbers) {
      log.log(epochs, numbers)
    },
    keepBest(epoch, stateDict) {
      best = { file: path.join(folder, `model_${epoch}.pth`), stateDict }
    },
    async save(write, asked) {
      const wait = await saving(() => {
        claim.requireHeld()
        // First: a run that goes on from a state takes for granted that its best network is there.
        writeBest()
        flushLog()
        write()
      }, asked)
      if (wait === 0) onSave?.(asked.step)
      return wait
    },
    async settle() {
      const waits = signal?.aborted ? patience.whenStopped : patience.atEnd
      const failure = await tryAgain(() => lines.flush(), { waits, signal })
      if (failure) throw new LostWork(failure.message, { cause: failure })
    },
  }
}
