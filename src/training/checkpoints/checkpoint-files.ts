import { readdirSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../../errors.js'
import { fileReason, isMissing } from '../../system-errors.js'
import { pythonFloat } from './python-float.js'

/** The files of one saved step. */
export interface CheckpointFiles {
  readonly step: number
  readonly model: string
  /** One per rate, in the order asked for; undefined where there is none. */
  readonly ema: readonly (string | undefined)[]
  readonly optimizer: string | undefined
  /** What the other files have no place for; PyTorch's checkpoints have none. */
  readonly state: string | undefined
}

/** The names that a step is saved under. */
export function checkpointFileNames(step: number, emaRates: readonly number[]) {
  const digits = String(step).padStart(6, '0')
  return {
    model: `model${digits}.pt`,
    ema: emaRates.map((rate) => `ema_${pythonFloat(rate)}_${digits}.pt`),
    optimizer: `opt${digits}.pt`,
    state: `state${digits}.json`,
  }
}

/**
 * The newest step of a run that is saved completely: the model, its optimizer, and the average of each rate
 * that the run has ever saved.
 * @param folder the run's, below `checkpoints`
 * @throws UserError if there is none.
 */
export function findResume(folder: string, emaRates: readonly number[]): CheckpointFiles {
  const sets = checkpointsAmong(byStep(listFiles(folder)), emaRates)
  const newest = completeSets(sets, emaRates).at(-1)
  if (newest) return newest
  throw new UserError(
    sets.length === 0
      ? `there is no checkpoint to resume in ${folder}: check the run id, or leave it out to start a new run`
      : `no checkpoint in ${folder} is complete (model, ema and opt files of one step): ` +
          'start a new run from one with --resume_checkpoint',
  )
}

/** Whether a run has saved any model. */
export function hasModels(folder: string): boolean {
  return listFiles(folder).some(({ kind }) => kind === 'model')
}

/** The files that were saved with a model or an average, by its path. */
export function filesBeside(checkpoint: string, emaRates: readonly number[]): Omit<CheckpointFiles, 'step'> {
  const name = parseName(path.basename(checkpoint))
  const files = name ? listFiles(path.dirname(checkpoint)).filter(({ step }) => step === name.step) : []
  return setAround(checkpoint, files, emaRates)
}

/**
 * What a folder has of each step that has at least a model and an optimizer state, oldest first: all of its
 * files, averages of whatever rate included, and whether it is complete, as for `findResume`.
 */
export function savedSets(folder: string, emaRates: readonly number[]) {
  const files = byStep(listFiles(folder))
  const sets = checkpointsAmong(files, emaRates)
  const complete = new Set(completeSets(sets, emaRates))
  return sets
    .filter(({ optimizer }) => optimizer !== undefined)
    .map((set) => ({
      step: set.step,
      model: set.model,
      files: (files.get(set.step) ?? []).map((file) => file.path),
      isComplete: complete.has(set),
    }))
}

/** Those that have the average of each rate that any of them has. */
function completeSets(
  sets: readonly CheckpointFiles[],
  emaRates: readonly number[],
): readonly CheckpointFiles[] {
  const saved = emaRates.map((_, i) => sets.some(({ ema }) => ema[i] !== undefined))
  return sets.filter(
    ({ optimizer, ema }) => optimizer !== undefined && saved.every((known, i) => !known || ema[i]),
  )
}

/** All steps of which there is the model, oldest first. */
function checkpointsAmong(files: FilesByStep, emaRates: readonly number[]): readonly CheckpointFiles[] {
  return [...files]
    .sort(([a], [b]) => a - b)
    .flatMap(([step, beside]) =>
      beside
        .filter(({ kind }) => kind === 'model')
        .map((model) => ({ ...setAround(model.path, beside, emaRates), step })),
    )
}

/** @param files those of its step */
function setAround(
  model: string,
  files: readonly ListedFile[],
  emaRates: readonly number[],
): Omit<CheckpointFiles, 'step'> {
  const find = (kind: Kind, rate?: number) =>
    files.find((file) => file.kind === kind && file.rate === rate)?.path
  return {
    model,
    ema: emaRates.map((rate) => find('ema', rate)),
    optimizer: find('opt'),
    state: find('state'),
  }
}

type Kind = 'model' | 'ema' | 'opt' | 'state'

interface NamedFile {
  readonly kind: Kind
  readonly rate: number | undefined
  readonly step: number
}

interface ListedFile extends NamedFile {
  readonly path: string
}

type FilesByStep = ReadonlyMap<number, readonly ListedFile[]>

/** Reads the folder, in which a long run has thousands of files, once. */
function listFiles(folder: string): readonly ListedFile[] {
  return readFolder(folder).flatMap((name) => {
    const parsed = parseName(name)
    return parsed ? [{ ...parsed, path: path.join(folder, name) }] : []
  })
}

function byStep(files: readonly ListedFile[]): FilesByStep {
  const steps = new Map<number, ListedFile[]>()
  for (const file of files) steps.set(file.step, [...(steps.get(file.step) ?? []), file])
  return steps
}

/** Any number of digits is read: other programs count in more or fewer than six. */
function parseName(name: string): NamedFile | undefined {
  const match = /^(?:(model|opt)(\d+)\.pt|ema_([\d.e+-]+)_(\d+)\.pt|state(\d+)\.json)$/.exec(name)
  if (!match) return undefined
  const [, kind, digits, rate, emaDigits, stateDigits] = match
  if (rate !== undefined) return { kind: 'ema', rate: Number(rate), step: Number(emaDigits) }
  if (stateDigits !== undefined) return { kind: 'state', rate: undefined, step: Number(stateDigits) }
  return { kind: kind === 'opt' ? 'opt' : 'model', rate: undefined, step: Number(digits) }
}

function readFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw new UserError(`could not look into ${folder}: ${fileReason(error) ?? String(error)}`, {
      cause: error,
    })
  }
}
