import path from 'node:path'
import type { SamplerLabel } from '../../config/sampler.js'
import { UserError } from '../../errors.js'
import { observedLabel } from '../../schemes/observed-frames.js'
import type { SchemeSettings } from '../../schemes/types.js'

/** What tells the results of one way of sampling a model from those of another. */
export interface ModelResults {
  /** Path of the checkpoint as the person gave it. */
  readonly checkpoint: string
  /** Training steps in the checkpoint, if it says. */
  readonly step: number | undefined
  readonly sampler: SamplerLabel
  /** Noise of DDIM steps; 0 for other samplers. */
  readonly eta: number
  /** Which steps are used: `""` for all. */
  readonly timestepRespacing: string
}

/** What tells the videos of one run of sampling from those of another. */
export interface RunSettings {
  readonly scheme: string
  /** Kind of optimised schedule, if one is used. */
  readonly optimality?: string
  readonly settings: SchemeSettings
}

/**
 * The folder of everything sampled from a checkpoint in one way:
 * `results/<folders below checkpoints>/<name>[_<step>][_<sampler>][_eta<eta>][_respace<R>]`. Ancestral
 * sampling has no name there. The checkpoint's folders are what follows the first one whose name contains
 * `checkpoint`; without one, its parent's name. The step stands there if the name ends in `latest`.
 * @throws UserError if it is to stand there and the checkpoint does not say it.
 */
export function modelResultsFolder(results: ModelResults): string {
  const { dir, name } = path.parse(path.normalize(results.checkpoint))
  const parts = dir.split(path.sep)
  const below = parts.findIndex((part) => part.includes('checkpoint')) + 1
  const folders = below > 0 ? parts.slice(below) : [path.basename(path.resolve(dir))]
  const suffixes = [
    name.endsWith('latest') && `_${stepOf(results)}`,
    results.sampler !== 'ancestral' && `_${results.sampler}`,
    results.eta !== 0 && `_eta${results.eta}`,
    results.timestepRespacing !== '' && `_respace${results.timestepRespacing}`,
  ]
  return path.join('results', ...folders, [name, ...suffixes.filter((suffix) => suffix !== false)].join(''))
}

function stepOf({ checkpoint, step }: ModelResults): number {
  if (step !== undefined) return step
  throw new UserError(
    `${checkpoint}: it holds no "step", which the results of a checkpoint whose name ends in "latest" are named ` +
      'after: choose their folder with --eval_dir',
  )
}

/** The folder name of one run: `<scheme>[_optimal-<kind>]_<K>_<step>_<T>_<n_obs>`. */
export function runIdentifier(run: RunSettings): string {
  const { scheme, optimality } = run
  const { maxFrames, stepSize, videoLength, observed } = run.settings
  const name = optimality === undefined ? scheme : `${scheme}_optimal-${optimality}`
  return [name, maxFrames, stepSize, videoLength, observedLabel(observed)].join('_')
}

/** The file of one sampled video in the folder of a run. */
export function sampleFile(runFolder: string, video: number, sampleIdx: number): string {
  return path.join(samplesFolder(runFolder), `${sampleName(video, sampleIdx)}.npy`)
}

/** What the files of one sampled video are named after. */
export function sampleName(video: number, sampleIdx: number): string {
  return `sample_${String(video).padStart(4, '0')}-${sampleIdx}`
}

/** Where the sampled videos of a run are. */
export function samplesFolder(runFolder: string): string {
  return path.join(runFolder, 'samples')
}

/** Where the stages are kept that videos were sampled in, if the name of the run does not say them. */
export function plansFolder(runFolder: string): string {
  return path.join(runFolder, 'plans')
}

/** Where videos are kept that are not done, and who is at work on which: gone when all are done. */
export function unfinishedFolder(runFolder: string): string {
  return path.join(samplesFolder(runFolder), '.unfinished')
}

/** The file that says with which configuration a run's videos were sampled. */
export function modelConfigFile(runFolder: string): string {
  return path.join(runFolder, 'model_config.json')
}

/** The picture or film of `doN` videos with `nSeeds` samples each. */
export function videoFile(outFolder: string, doN: number, nSeeds: number, format: string): string {
  return path.join(outFolder, 'videos', `${doN}_${nSeeds}.${format}`)
}
