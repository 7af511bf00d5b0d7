import path from 'node:path'
import { UserError } from '../../errors.js'
import { namesIn } from '../../files/names-in.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { planRecord } from '../../schemes/plan-record.js'
import type { Stage } from '../../schemes/types.js'
import { readJsonRecord } from '../results/json-record.js'
import { plansFolder } from '../results/results-layout.js'
import type { SampleRun } from './plan-sample-run.js'

/**
 * Keeps the stages that a video was sampled in, `plans/<name of the sample>.json`, where the name of the run's
 * folder does not say them: an adaptive scheme chose by the video's frames, an optimised one by its schedule.
 */
export function writePlan(run: SampleRun, name: string, stages: readonly Stage[]): void {
  const { folder, scheme, settings, optimised } = run
  if (!scheme.adaptive && !optimised) return
  const record = planRecord(scheme, settings, stages, 'sampled')
  writeFileAtomic(path.join(plansFolder(folder), `${name}.json`), `${JSON.stringify(record)}\n`)
}

/**
 * The first plan that a run kept: of which video, and its stages; undefined if none was kept.
 * @param T frames of a video
 * @throws UserError naming a file that is damaged.
 */
export function readFirstPlan(
  runFolder: string,
  T: number,
): { readonly video: number; readonly stages: readonly Stage[] } | undefined {
  const [first] = namesIn(plansFolder(runFolder), 'sample_')
    .flatMap((name) => {
      const [, video, sampleIdx] = /^sample_(\d{4,})-(\d+)\.json$/.exec(name) ?? []
      return video === undefined ? [] : [{ name, video: Number(video), sampleIdx: Number(sampleIdx) }]
    })
    .sort((one, other) => one.video - other.video || one.sampleIdx - other.sampleIdx)
  if (!first) return undefined
  const file = path.join(plansFolder(runFolder), first.name)
  const stages = readJsonRecord(file)?.stages
  if (!Array.isArray(stages) || !stages.every((stage) => isStage(stage, T)))
    throw new UserError(`${file} is damaged: it holds no stages; remove it to go without a picture of them`)
  return { video: first.video, stages }
}

function isStage(value: unknown, T: number): value is Stage {
  const { observed, latent } = (value ?? {}) as Partial<Record<keyof Stage, unknown>>
  const isFrame = (frame: unknown) => Number.isSafeInteger(frame) && Number(frame) >= 0 && Number(frame) < T
  return [observed, latent].every((frames) => Array.isArray(frames) && frames.every(isFrame))
}
