import { existsSync, readFileSync } from 'node:fs'
import { UserError } from '../errors.js'
import { isMissing, writeFileAtomic } from '../files.js'
import { modelConfigFile } from './results-layout.js'

/** A checkpoint's configuration, with what sampling changed in it. */
export type SampledConfig = Readonly<Record<string, unknown>>

/** Writes `model_config.json` into the folder of a run, unless it is there: runs share their folder. */
export function writeModelConfig(runFolder: string, config: SampledConfig): void {
  const file = modelConfigFile(runFolder)
  if (!existsSync(file)) writeFileAtomic(file, JSON.stringify(config, null, 4))
}

/**
 * @throws UserError naming the file if it is missing or no JSON object.
 */
export function readModelConfig(runFolder: string): SampledConfig {
  const file = modelConfigFile(runFolder)
  try {
    const config: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof config === 'object' && config !== null && !Array.isArray(config))
      return config as SampledConfig
  } catch (error) {
    if (isMissing(error))
      throw new UserError(`${file} is missing: is ${runFolder} the folder that sample wrote to?`, {
        cause: error,
      })
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UserError(`${file} is damaged: it holds no JSON object`)
}
