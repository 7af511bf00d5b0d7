import path from 'node:path'
import { modelOptions } from '../../config/model.js'
import { samplerLabel, type SamplerOptions } from '../../config/sampler.js'
import type { SamplingConfig } from '../../config/sampling.js'
import { isFolder } from '../../files/make-folder.js'
import { namesIn } from '../../files/names-in.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { withAdvice } from '../../with-advice.js'
import { computedWith } from './computed-with.js'
import { readJsonRecord, type JsonRecord } from './json-record.js'
import type { SampledConfig } from './model-config.js'
import { modelConfigFile } from './results-layout.js'
import { FIRST_VIDEO, isNews, requireSameSettings } from './same-settings.js'

/** What the samples of a run follow from besides the configuration and the names of its folders. */
export interface RunOrigin {
  readonly checkpoint: {
    readonly path: string
    readonly step: number | undefined
    readonly digest?: string
  }
  /** What an adaptive scheme compares frames by. */
  readonly features?: string | undefined
  /** Tells the weights of LPIPS from others, if frames are compared by it. */
  readonly weights?: string | undefined
  /** Tells the data set from others: see `firstVideoDigest`. */
  readonly firstVideo?: string | undefined
  /** Tells an optimised schedule from others, if one is used. */
  readonly schedule?: string | undefined
  readonly options: SamplerOptions & Pick<SamplingConfig, 'seed' | 'clip_denoised'>
}

/** The part of a configuration that decides what samples look like. */
const DECISIVE: readonly string[] = [...Object.keys(modelOptions), 'dataset', 'use_ddim']

/**
 * Writes into the folder of a run what its samples are made with, `model_config.json` and `sampling.json`,
 * or makes sure that it is what they were made with before: runs share their folder and pass over samples
 * that are there. The runtime must have been started. Until something is in the folder, any process may say
 * what its samples are made with: call this again once this one has a claim there, and before it adds a video.
 * @throws UserError naming the first setting that differs.
 */
export function recordRun(runFolder: string, config: SampledConfig, origin: RunOrigin): void {
  for (const [file, record] of checkedRecords(runFolder, config, origin))
    writeFileAtomic(file, JSON.stringify(record, null, 4))
}

/**
 * Makes sure that a run may add to its folder, before anything is loaded for it. What is not known yet is not
 * compared.
 * @throws UserError naming the first setting that differs.
 */
export function checkRun(runFolder: string, config: SampledConfig, origin: RunOrigin): void {
  checkedRecords(runFolder, config, origin)
}

const GO_ON = 'remove it if the samples there were made as these would be, or give another folder with --eval_dir'

/** @returns the files that are to be written, with what goes into them */
function checkedRecords(
  runFolder: string,
  config: SampledConfig,
  { checkpoint, features, weights, firstVideo, schedule, options }: RunOrigin,
): readonly (readonly [file: string, record: JsonRecord])[] {
  const sampling = {
    checkpoint: path.basename(checkpoint.path),
    step: checkpoint.step,
    parameters: checkpoint.digest,
    sampler: samplerLabel(options),
    eta: options.eta,
    seed: options.seed,
    clip_denoised: options.clip_denoised,
    ...computedWith(),
    [FIRST_VIDEO]: firstVideo,
    adaptive_features: features,
    lpips_weights: weights,
    optimal_schedule: schedule,
  }
  const records: readonly [string, JsonRecord, readonly string[]][] = [
    [modelConfigFile(runFolder), config, DECISIVE],
    [path.join(runFolder, 'sampling.json'), sampling, Object.keys(sampling)],
  ]
  const isBegun = hasResults(runFolder)
  return records.flatMap(([file, present, names]) => {
    const before = isBegun ? withAdvice(GO_ON, () => readJsonRecord(file)) : undefined
    if (before) requireSameSettings(`the samples in ${runFolder}`, before, present, names)
    // What a folder of an earlier version does not say holds from now on.
    return !before || isNews(before, present, names) ? [[file, { ...present, ...before }] as const] : []
  })
}

/** Whether anything was made in the folder of a run, finished or not: a folder in it that is not empty. */
function hasResults(runFolder: string): boolean {
  const folders = namesIn(runFolder)
    .map((name) => path.join(runFolder, name))
    .filter(isFolder)
  return folders.some((folder) => namesIn(folder).length > 0)
}
