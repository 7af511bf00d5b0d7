import path from 'node:path'
import { readNpy, readNpyHeader, writeNpy } from '../../data/npy.js'
import { UserError } from '../../errors.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { readJsonRecord } from '../../sampling/results/json-record.js'
import { withAdvice } from '../../with-advice.js'
import type { TermRow } from './stage-terms.js'
import type { StageBound, VideoBound } from './video-bound.js'

/** The columns of a file of terms. */
const TERM_COLUMNS = ['t', 'weight', 'vb', 'xstart_mse', 'mse'] as const

/** Where the bounds of a run are. */
export const elbosFolder = (runFolder: string) => path.join(runFolder, 'elbos')

/** What the files of one video are named after. */
export const elboName = (video: number) => `elbo_${String(video).padStart(4, '0')}`

const MEASURE_ANEW = 'remove it to measure the video anew'

/** Writes what the terms of a video add up to. */
export function writeBound(file: string, bound: VideoBound): void {
  writeFileAtomic(file, JSON.stringify(bound))
}

/** @throws UserError naming the file if it is damaged. */
export function readBound(file: string): VideoBound {
  const bound: Partial<VideoBound> = withAdvice(MEASURE_ANEW, () => readJsonRecord(file)) ?? {}
  const numbers = [bound.video, bound.bits, bound.bits_per_dimension]
  const stages = Array.isArray(bound.stages) ? bound.stages : []
  if (numbers.every(Number.isFinite) && stages.length > 0 && stages.every(isStage)) return bound as VideoBound
  throw new UserError(`${file} does not hold the bound of a video: ${MEASURE_ANEW}`)
}

function isStage(value: unknown): boolean {
  const stage = value as Partial<StageBound> | null
  const frames = [stage?.observed, stage?.latent]
  return [stage?.bits, stage?.bits_per_dimension].every(Number.isFinite) && frames.every(Array.isArray)
}

/** Writes the terms of some stages, each with as many rows: float64, (stages, steps, columns). */
export function writeTerms(file: string, stages: readonly (readonly TermRow[])[]): void {
  const shape = [stages.length, stages[0]?.length ?? 0, TERM_COLUMNS.length]
  const data = Float64Array.from(stages.flat().flatMap((row) => TERM_COLUMNS.map((name) => row[name])))
  writeNpy(file, { dtype: 'float64', shape, data })
}

/**
 * Makes sure, without reading them, that the terms of a video are there whole.
 * @throws UserError naming the file if it is damaged, or holds terms of other stages or steps.
 */
export function requireTerms(file: string, stages: number, steps: number): void {
  const { dtype, shape } = withAdvice(MEASURE_ANEW, () => readNpyHeader(file, { isAll: true }))
  if (dtype !== 'float64' || shape.join() !== [stages, steps, TERM_COLUMNS.length].join())
    throw new UserError(
      `${file} does not hold terms of ${stages} stages of ${steps} diffusion steps: ${MEASURE_ANEW}`,
    )
}

/**
 * @param steps rows of each stage
 * @throws UserError naming the file if it is not one of these.
 */
export function readTerms(file: string, steps: number): TermRow[][] {
  const { dtype, shape, data } = withAdvice(MEASURE_ANEW, () => readNpy(file, { isAll: true }))
  const [stages = 0, rows, columns] = shape
  if (dtype !== 'float64' || shape.length !== 3 || rows !== steps || columns !== TERM_COLUMNS.length)
    throw new UserError(`${file} does not hold terms of ${steps} diffusion steps: ${MEASURE_ANEW}`)
  const at = (stage: number, row: number, column: number) =>
    Number(data[(stage * steps + row) * TERM_COLUMNS.length + column])
  return Array.from({ length: stages }, (_, stage) =>
    Array.from({ length: steps }, (_, row) => {
      const [t, weight, vb, xstart, mse] = TERM_COLUMNS.map((_, column) => at(stage, row, column))
      return { t: t ?? NaN, weight: weight ?? NaN, vb: vb ?? NaN, xstart_mse: xstart ?? NaN, mse: mse ?? NaN }
    }),
  )
}
