import path from 'node:path'
import type { DatasetConfig } from '../src/config/dataset.js'
import { counted } from '../src/counted.js'
import { checkDataset, type SplitReport } from '../src/data/check-dataset.js'
import type { VideoDataset } from '../src/data/dataset.js'
import type { BadVideo } from '../src/data/file-dataset.js'
import { openDataset } from '../src/data/registry.js'
import { UserError } from '../src/errors.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { contactSheet, encodePng } from '../src/video/png.js'
import { datasetRequest } from './open-dataset.js'
import { withProgress, type Terminal } from './terminal.js'

export interface DataCheckRequest extends Omit<DatasetConfig, 'dataset' | 'skip_bad'> {
  readonly dataset: NonNullable<DatasetConfig['dataset']>
  readonly split: 'both' | 'train' | 'test'
  readonly quick: boolean
  readonly sheet: string
  readonly json: boolean
}

/** A contact sheet's rows, each of a video, and frames in a row. */
const [ROWS, COLUMNS] = [6, 8]

/**
 * Looks through a data set and reports.
 * @throws UserError if anything is wrong with it: videos that cannot be used, in both splits, or none at all.
 */
export async function runDataCheck(request: DataCheckRequest, terminal: Terminal): Promise<void> {
  const { dataset: name, split, json } = request
  if (request.T === 0) throw new UserError('--T takes -1 or a number of frames, not 0')
  const reports: SplitReport[] = []
  const opened: VideoDataset[] = []
  const notes = new Set<string>()
  for (const each of split === 'both' ? (['train', 'test'] as const) : [split]) {
    const { dataset, report } = await checkSplit(request, each, notes, terminal)
    opened.push(dataset)
    reports.push(report)
    if (!json) for (const line of reportLines(report)) terminal.log(line)
  }
  const both = inBoth(opened)
  if (!json) for (const note of notes) terminal.log(`note: ${note}`)
  if (!json && both.length > 0) terminal.log(`in both splits: ${some(both)}`)
  const sheet = request.sheet === '' ? path.join('results', 'datasets', `${name}.png`) : request.sheet
  const isDrawn = await drawSheet(opened, sheet)
  if (json)
    terminal.log(
      JSON.stringify({
        dataset: name,
        splits: reports,
        in_both_splits: both,
        notes: [...notes],
        ...(isDrawn && { sheet }),
      }),
    )
  else if (isDrawn) terminal.log(`what it looks like: ${sheet}`)
  const bad = reports.reduce((sum, report) => sum + report.bad.length, 0)
  if (bad > 0 || both.length > 0)
    throw new UserError(
      [
        ...(bad > 0 ? [`${counted(bad, 'video')} of data set ${name} cannot be used`] : []),
        ...(both.length > 0 ? [`${counted(both.length, 'video')} in both splits`] : []),
      ].join(', '),
    )
  if (!json) terminal.log(notes.size > 0 ? 'nothing else is wrong' : 'nothing is wrong')
}

async function checkSplit(
  request: DataCheckRequest,
  split: 'train' | 'test',
  notes: Set<string>,
  terminal: Terminal,
) {
  const bad: BadVideo[] = []
  const dataset = await withProgress(terminal, `opening ${split} videos`, (onProgress) =>
    openDataset({
      ...datasetRequest({ ...request }, split),
      onBad: (video) => bad.push(video),
      onNote: (note) => notes.add(note),
      onProgress,
      signal: terminal.signal,
    }),
  ).catch((error: unknown) => {
    // None that can be used: those that cannot are more telling than that.
    throw bad[0] && error instanceof UserError
      ? new UserError(
          `${error.message}: ${bad
            .map(({ reason }) => reason)
            .slice(0, 2)
            .join('; ')}`,
        )
      : error
  })
  const report = await withProgress(terminal, `reading ${split} videos`, (onProgress) =>
    checkDataset(dataset, { bad, all: !request.quick, onProgress, signal: terminal.signal }),
  )
  return { dataset, report }
}

function reportLines({ split, videos, frames, imageSize, bad, still }: SplitReport): string[] {
  const [fewest, most, total] = frames
  const lengths = fewest === most ? `${most}` : `${fewest} to ${most}`
  return [
    `${split}: ${counted(videos, 'video')} of ${lengths} frames, ${total} in all; each uint8 (T, ${imageSize}, ${imageSize}, 3)`,
    ...bad.map(({ reason }) => `${split}: bad: ${reason}`),
    ...(still.length > 0 ? [`${split}: note: nothing moves in ${some(still)}`] : []),
  ]
}

/** Videos that are both learned from and tested on, where there are two. */
function inBoth(datasets: readonly VideoDataset[]): string[] {
  const [train, test] = datasets
  // The files of mazes are numbered in each split.
  if (!train?.videos || !test?.videos || !['toy_town', 'carla_no_traffic'].includes(train.name)) return []
  const names = new Set(train.videos.map(({ name }) => name))
  return test.videos.map(({ name }) => name).filter((name) => names.has(name))
}

async function drawSheet(datasets: readonly VideoDataset[], file: string): Promise<boolean> {
  const films = []
  for (const dataset of datasets) {
    const rows = Math.min(dataset.length, Math.ceil(ROWS / datasets.length))
    for (let row = 0; row < rows; row++) {
      const video = Math.floor((row * dataset.length) / rows)
      const last = dataset.frameCount(video) - 1
      const frames = Array.from({ length: COLUMNS }, (_, i) => Math.round((i * last) / (COLUMNS - 1)))
      const size = dataset.imageSize
      try {
        const data = await dataset.readFrames(video, frames)
        films.push({ shape: [COLUMNS, size, size, 3] as const, data: Uint8Array.from(data) })
      } catch (error) {
        // It was reported already.
        if (!(error instanceof UserError)) throw error
      }
    }
  }
  if (films.length === 0) return false
  writeFileAtomic(file, encodePng(contactSheet(films, COLUMNS)))
  return true
}

const some = (names: readonly string[]) =>
  `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
