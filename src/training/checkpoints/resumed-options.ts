import path from 'node:path'
import { datasetOptionNames } from '../../config/dataset.js'
import { fixedModelOptions, modelOptions } from '../../config/model.js'
import { asTyped, checkOption, resolveConfig } from '../../config/option.js'
import { resumeSource, trainingOptions, trainOptions, type ResumeSource } from '../../config/training.js'
import { UserError } from '../../errors.js'
import { readCheckpointFile } from '../../torch-file/index.js'
import { filesBeside, findResume, type CheckpointFiles } from './checkpoint-files.js'
import { readResumed } from './read-resumed.js'

/** Options by name, where the value may come from anywhere. */
type Values = Readonly<Record<string, unknown>>

export interface ResumedOptions {
  /** Those given, and of the others those that the checkpoint knows. */
  readonly values: Values
  /** The checkpoint; undefined for a run that starts anew. */
  readonly checkpoint: string | undefined
  /** Options given that have another value than in the checkpoint. */
  readonly changes: readonly OptionChange[]
}

export interface OptionChange {
  readonly name: string
  readonly saved: unknown
  readonly given: unknown
}

/** They say where to go on: what the checkpoint's own run went on from is history. */
const SOURCES: readonly string[] = ['resume_checkpoint', 'wandb_id', 'resume_id']
/** Said anew each time: what was waved through once is not waved through for ever. */
const ONCE: readonly string[] = ['allow_changed_data']
/** What the model sees: together with the model, what a new run takes over from a checkpoint. */
const DATA: readonly string[] = [...datasetOptionNames, 'max_frames', 'pad_with_random_frames']
/** Two names for one thing: one that is given takes the place of both. */
const PRECISION: readonly string[] = ['use_fp16', 'precision']
/** They belong to one data set. */
const OF_DATASET: readonly string[] = datasetOptionNames.filter(
  (name) => name !== 'dataset' && name !== 'image_size',
)

/**
 * The options of a run that may go on from a checkpoint. One that is resumed by its id has all options that
 * its checkpoint has, a new one that starts from a checkpoint those of the model and the data; what is given
 * overrides them, except that the model stays what it is.
 * @param given options of `train` without defaults
 * @param root the folder of all runs, `checkpoints`
 * @throws UserError if there is nothing to resume, or an option given contradicts another one or the
 *   checkpoint's model.
 */
export function resumedOptions(given: Values, root: string): ResumedOptions {
  const { use_fp16: isHalf, precision = 'bf16' } = given
  if (isHalf === true && precision !== 'bf16')
    throw new UserError(`--use_fp16 and --precision ${asTyped(precision)} contradict each other: give one`)
  const source = resumeSource(resolveConfig(trainingOptions, given))
  if (!source) return { values: given, checkpoint: undefined, changes: [] }
  const { model: checkpoint } = resumedFiles(source, root, [])
  const { config: saved } = readResumed(source, checkpoint, [])(() => readCheckpointFile(checkpoint))
  checkSameModel(given, saved, checkpoint)
  const takenOver = 'runId' in source ? Object.keys(trainOptions) : [...Object.keys(modelOptions), ...DATA]
  const otherData = 'dataset' in given && given.dataset !== saved.dataset
  const otherPrecision = PRECISION.some((name) => name in given)
  const leftOut = [
    ...SOURCES,
    ...ONCE,
    ...(otherData ? OF_DATASET : []),
    ...(otherPrecision ? PRECISION : []),
  ]
  const names = takenOver.filter((name) => !(name in given) && !leftOut.includes(name))
  const values = { ...checkedOptions(names, saved, checkpoint), ...given }
  const changes = Object.keys(trainOptions)
    .filter((name) => name in given && ![...SOURCES, ...ONCE].includes(name) && isKnown(saved[name]))
    .map((name) => ({ name, saved: saved[name], given: given[name] }))
    .filter((change) => change.saved !== change.given)
  return { values, checkpoint, changes }
}

/**
 * The files that a run goes on from.
 * @throws UserError if there is nothing to resume.
 */
export function resumedFiles(
  source: ResumeSource,
  root: string,
  rates: readonly number[],
): Omit<CheckpointFiles, 'step'> {
  return 'runId' in source
    ? findResume(path.join(root, source.runId), rates)
    : filesBeside(source.checkpoint, rates)
}

/**
 * Checks that options, as far as they are given, make the model whose parameters a checkpoint holds.
 * @param advice what to do to keep the model's
 * @throws UserError naming the option and both values.
 */
export function checkSameModel(
  given: Values,
  saved: Values,
  checkpoint: string,
  advice = 'leave the option out',
): void {
  for (const name of fixedModelOptions)
    if (isKnown(given[name]) && isKnown(saved[name]) && given[name] !== saved[name])
      throw new UserError(
        `--${name} is ${asTyped(saved[name])} in ${checkpoint}, not ${asTyped(given[name])}: ` +
          `a trained model keeps it; ${advice}, or start anew`,
      )
}

function checkedOptions(names: readonly string[], saved: Values, checkpoint: string): Values {
  const known = names.filter((name) => isKnown(saved[name]))
  try {
    return Object.fromEntries(
      known.map((name) => [
        name,
        checkOption(name, trainOptions[name as keyof typeof trainOptions], saved[name]),
      ]),
    )
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`the config of ${checkpoint}: ${error.message}`, { cause: error })
  }
}

const isKnown = (value: unknown) => value !== undefined && value !== null
