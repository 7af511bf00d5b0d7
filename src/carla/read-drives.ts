import path from 'node:path'
import { byName } from '../data/by-name.js'
import { UserError } from '../errors.js'
import { namesIn } from '../files/names-in.js'
import { samplesFolder } from '../sampling/results/results-layout.js'
import { datasetCoordinates, readCoordinates, runCoordinates } from './coordinate-files.js'
import type { Drive } from './measure-drives.js'

/**
 * The coordinates of a run's samples.
 * @returns the drives, and why others were left out
 * @throws UserError that counts and names samples without coordinates, unless they are to be skipped; if there
 *   are none at all.
 */
export function readSampledDrives(
  evalDir: string,
  { sampleIdx, skipBad }: { readonly sampleIdx: number; readonly skipBad: boolean },
): { readonly drives: readonly Drive[]; readonly skipped: readonly string[] } {
  const pattern = /^sample_\d{4,}-(\d+)\.npy$/
  const isWanted = (name: string) => Number(pattern.exec(name)?.[1] ?? NaN) === sampleIdx
  // Either folder may have been cleared: samples are large, coordinates small.
  const names = [...namesIn(samplesFolder(evalDir)), ...namesIn(runCoordinates(evalDir))].filter(isWanted)
  const drives: Drive[] = []
  const skipped: string[] = []
  for (const name of [...new Set(names)].sort(byName)) {
    try {
      const file = path.join(runCoordinates(evalDir), name)
      drives.push({ name: path.parse(name).name, positions: readCoordinates(file) })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      skipped.push(error.message)
    }
  }
  const [first] = skipped
  if (drives.length === 0)
    throw new UserError(
      `${evalDir} holds no coordinates of a sample ${sampleIdx}${first === undefined ? '' : ` (${first})`}: run to-world-coords first`,
    )
  if (first !== undefined && !skipBad)
    throw new UserError(
      `${skipped.length} of ${drives.length + skipped.length} samples have no coordinates (${first}): run to-world-coords, or leave them out with --skip_bad`,
    )
  return { drives, skipped }
}

/**
 * The coordinates of a data set's videos: as the networks see them, which errs as it does on samples, or true.
 * @throws UserError if there are none.
 */
export function readRealDrives(datasetDir: string, reference: 'regressed' | 'true'): Drive['positions'][] {
  const [folder, pattern, advice] =
    reference === 'true'
      ? [datasetDir, /^coords_\d+\.npy$/, 'compare with the regressed ones, --reference regressed']
      : [
          datasetCoordinates(datasetDir),
          /^video_\d+\.npy$/,
          `run to-world-coords --dataset_dir ${datasetDir}, or use --reference true`,
        ]
  const names = namesIn(folder).filter((name) => pattern.test(name))
  if (names.length === 0) throw new UserError(`${folder} holds no coordinates to compare with: ${advice}`)
  return names.sort(byName).map((name) => readCoordinates(path.join(folder, name)))
}
