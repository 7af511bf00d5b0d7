import path from 'node:path'
import { UserError } from '../errors.js'
import { isFolder, requireFolder } from '../files/make-folder.js'
import { namesIn } from '../files/names-in.js'
import { PassingFailure } from '../files/passing-failure.js'
import { claimsIn, newestSign, type Claim, type ClaimOptions, type Holder } from '../claims/claims.js'
import { removeIfEmpty } from '../files/remove-if-empty.js'
import { waitForOthers } from '../claims/shared-work.js'
import { fileFailure } from '../files/file-failure.js'
import type { RunPlace } from './run-place.js'

/** The right to write into the folder of a run, which one process has at a time. */
export interface RunClaim {
  /**
   * @throws UserError if another process has taken the run over: this one was suspended, and taken for dead;
   * PassingFailure if the run's folder is not there. One that is made anew, and empty, is claimed anew.
   */
  requireHeld(): void
  release(): Promise<void>
}

export interface RunClaimOptions {
  /** Called if the run may be in the hands of another process, which is then watched for a sign of life. */
  readonly onOther?: (() => void) | undefined
  readonly signal?: AbortSignal | undefined
  readonly claims?: ClaimOptions | undefined
}

/** The name of the claim: its files are hidden ones. */
const NAME = '.training'

/**
 * Claims a run for this process: two that train one run would each cut the other's log and write over its
 * checkpoints. A run whose process is gone is taken over: at once if that was on this machine, else when it has
 * shown no life for a minute.
 * @throws UserError if another process trains it, or the folder cannot be written to.
 */
export async function claimRun(
  { runId, folder }: Pick<RunPlace, 'runId' | 'folder'>,
  { onOther, signal, claims: options }: RunClaimOptions = {},
): Promise<RunClaim> {
  requireFolder(folder)
  const claims = claimsIn(folder, options)
  const tryOnce = () => {
    try {
      return claims.claim(NAME)
    } catch (error) {
      throw fileFailure('write', path.join(folder, `${NAME}.claim`), error)
    }
  }
  const end = async (claim?: Claim) => {
    claim?.release()
    await claims.close()
    // Where nothing came of a new run.
    removeIfEmpty(folder)
  }
  try {
    let claim = tryOnce()
    if (!claim) onOther?.()
    const before = newestSign(folder, NAME)?.changed ?? -Infinity
    while (!claim) {
      await waitForOthers(signal)
      claim = tryOnce()
      const sign = claim ? undefined : newestSign(folder, NAME)
      if (sign && sign.changed > before)
        throw new UserError(
          `run ${runId} is being trained by ${described(sign.holder)}: wait until it ends, or stop it before you go on`,
        )
    }
    let held = claim
    return {
      requireHeld() {
        if (held.isHeld()) return
        if (!isFolder(folder))
          throw new PassingFailure(`the folder of the run, ${folder}, is gone: put it back, or make it anew`)
        const anew = isEmpty(folder) ? tryOnce() : undefined
        if (!anew)
          throw new UserError(`another process has taken over run ${runId}: this one writes nothing more`)
        held = anew
      },
      release: () => end(held),
    }
  } catch (error) {
    await end()
    throw error
  }
}

/** Whether nobody has put anything there, another process's claim included. */
const isEmpty = (folder: string) => namesIn(folder).length === 0

function described(holder: Holder | undefined): string {
  return holder ? `process ${holder.pid} on ${holder.machine}` : 'another process'
}
