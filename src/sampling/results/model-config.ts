import { UserError } from '../../errors.js'
import { withAdvice } from '../../with-advice.js'
import { readJsonRecord, type JsonRecord } from './json-record.js'
import { modelConfigFile } from './results-layout.js'

/** A checkpoint's configuration, with what sampling changed in it. */
export type SampledConfig = JsonRecord

/**
 * The configuration that a run's videos were sampled with.
 * @throws UserError naming the file if it is missing or no JSON object.
 */
export function readModelConfig(runFolder: string): SampledConfig {
  const file = modelConfigFile(runFolder)
  const config = withAdvice('remove it, and sample again with the same options to have it written anew', () =>
    readJsonRecord(file),
  )
  if (config) return config
  throw new UserError(`${file} is missing: is ${runFolder} the folder that sample wrote to?`)
}
