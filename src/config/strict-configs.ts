import { closestMatch } from 'leven'
import { UserError } from '../errors.js'
import { modelOptions, fillModelConfig, type ModelConfig } from './model.js'
import { fillTrainConfig, trainOptions, type TrainConfig } from './training.js'

/**
 * Some of a configuration's options; `undefined` asks for the default. It has no index signature: with one, the
 * compiler would take any name.
 */
export type Given<Config> = { readonly [Name in keyof Config]?: Config[Name] | undefined }

/**
 * Checks a record of options, and fills in defaults. A checkpoint's whole config may be given, with options of training
 * and such as this version does not know: what is not of model and diffusion is left out. A record of unknown
 * values, as read from a file, may be given too.
 * @throws UserError naming the option and what it expects, or a name that no option has.
 */
export function resolveModelConfig(values: Given<ModelConfig>): ModelConfig {
  const config = fillModelConfig(values)
  requireKnownNames('resolveModelConfig', values)
  return config
}

/**
 * Checks a record of `train`'s options and fills in defaults, also where it names a run to go on with: what that had
 * `resumeTrainConfig` knows. A checkpoint's whole config may be given, with such as this
 * version does not know, which are left out. A record of unknown values, as read from a file, may be given too.
 * @throws UserError naming the option and what it expects, or a name that no option has.
 */
export function resolveTrainConfig(values: Given<TrainConfig>): TrainConfig {
  const config = fillTrainConfig(values)
  requireKnownNames('resolveTrainConfig', values)
  return config
}

const MODEL_NAMES = Object.keys(modelOptions)
const NAMES = Object.keys(trainOptions)

/** Letters that may be wrong in a name, for each that it has. */
const MISSPELT = 1 / 3

/** @throws UserError for a name that nobody can have meant to be ignored. */
export function requireKnownNames(where: string, values: Readonly<Record<string, unknown>>): void {
  // Checkpoints of other versions and of the original have options that are not there any more, or not yet.
  const isWhole = MODEL_NAMES.filter((name) => name in values).length > MODEL_NAMES.length / 2
  for (const name of Object.keys(values)) {
    if (NAMES.includes(name)) continue
    const same = NAMES.find((known) => squashed(known) === squashed(name))
    if (isWhole && same === undefined) continue
    const near = same ?? closestMatch(name, NAMES, { maxDistance: Math.floor(name.length * MISSPELT) })
    const advice = near === undefined ? 'leave it out' : `did you mean ${near}?`
    throw new UserError(`${where}: there is no option ${JSON.stringify(name)}; ${advice}`)
  }
}

/** What a name has in common with itself in another style: `batchSize` and `batch_size`. */
const squashed = (name: string) => name.replace(/[^a-z0-9]/gi, '').toLowerCase()
