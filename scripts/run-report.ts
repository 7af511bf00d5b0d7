import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ReportConfig } from '../src/config/report.js'
import { byName } from '../src/data/by-name.js'
import { UserError } from '../src/errors.js'
import { compareCurves } from '../src/evaluation/report/compare-curves.js'
import { reportPage, type ReportPicture, type ReportRun } from '../src/evaluation/report/report-page.js'
import { runNumbers } from '../src/evaluation/report/run-numbers.js'
import { runSchedule } from '../src/evaluation/report/run-schedule.js'
import { isFolder } from '../src/files/make-folder.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { drawingSvg } from '../src/pictures/drawing-svg.js'
import { readJsonRecord } from '../src/sampling/results/json-record.js'
import { packageVersion } from './package-version.js'
import { reportFilm } from './report-film.js'
import type { Terminal } from './terminal.js'

/**
 * Writes one page over runs: what other commands measured, their pictures, and the samples.
 * @throws UserError for options, data or files that do not work.
 */
export async function runReport(
  options: ReportConfig & { eval_dir: string },
  terminal: Terminal,
): Promise<void> {
  const folders = foldersIn(options.eval_dir)
  const runs: ReportRun[] = []
  for (const [i, folder] of folders.entries()) {
    terminal.signal.throwIfAborted()
    const film = await reportFilm(folder, options, terminal)
    const schedule = runSchedule(folder)
    const [facts, numbers] = [factsOf(folder), runNumbers(folder)]
    const pictures = [
      ...film.pictures,
      ...picturesOf(folder),
      ...('svg' in schedule ? [svg(schedule.caption, schedule.svg)] : []),
    ]
    if (facts.length + numbers.length + pictures.length === 0)
      throw new UserError(`${folder} holds nothing to report on: give the folder that sample wrote to`)
    runs.push({
      label: labelOf(i),
      ...{ folder, facts, numbers, pictures },
      notes: [...film.notes, ...('note' in schedule ? [schedule.note] : [])],
    })
  }
  const curves = compareCurves(runs)
  const file = options.out ?? path.join(folders[0] ?? '', 'report.html')
  const page = reportPage({
    title: options.title,
    runs,
    comparisons: curves ? [svg('Quality of the runs over time, means of samples', drawingSvg(curves))] : [],
    maker: `flexible-video-diffusion ${packageVersion()}`,
  })
  writeFileAtomic(file, page)
  terminal.log(file)
}

/** Folders separated by commas. Names of folders may have commas, too: the longest one that is there counts. */
function foldersIn(typed: string): string[] {
  const parts = typed.split(',')
  const folders: string[] = []
  for (let start = 0, end; start < parts.length; start = end) {
    for (end = parts.length; end > start && !isFolder(parts.slice(start, end).join(',').trim());) end--
    if (end === start && parts[start]?.trim() === '')
      throw new UserError(
        `--eval_dir ${JSON.stringify(typed)} has an empty entry: give folders that sample wrote to, with one comma between two`,
      )
    if (end === start)
      throw new UserError(
        `there is no folder ${parts[start] ?? ''}: give those that sample wrote to as --eval_dir, separated by commas`,
      )
    folders.push(parts.slice(start, end).join(',').trim())
  }
  return folders
}

/** A to Z, then numbers. */
const labelOf = (i: number) => (i < 26 ? String.fromCharCode(65 + i) : String(i + 1))

/** What is worth knowing of a run's configuration. */
const FACTS = [
  ['model_config.json', 'dataset', 'data set'],
  ['model_config.json', 'image_size', 'pixels a side'],
  ['model_config.json', 'timestep_respacing', 'steps used'],
  ['model_config.json', 'diffusion_steps', 'steps trained'],
  ['sampling.json', 'checkpoint', 'checkpoint'],
  ['sampling.json', 'step', 'training steps'],
  ['sampling.json', 'sampler', 'sampler'],
  ['sampling.json', 'seed', 'seed'],
] as const

function factsOf(folder: string): [string, string][] {
  return FACTS.flatMap(([file, key, name]): [string, string][] => {
    const value = readJsonRecord(path.join(folder, file))?.[key]
    const isShown = (typeof value === 'string' && value !== '') || typeof value === 'number'
    return isShown ? [[name, String(value)]] : []
  })
}

/** Pictures that other commands wrote, by their names. */
const PICTURES = [
  [/^quality-(\d+)-(\d+)\.svg$/, 'How like the truth frames are over time ($1 videos, $2 samples of each)'],
  [/^carla-metrics-(\d+)-(\d+)-speeds\.svg$/, 'Speeds of drives ($1 videos, sample $2)'],
  [/^carla-metrics-(\d+)-(\d+)-map\.svg$/, 'Where the drives went ($1 videos, sample $2)'],
] as const

function picturesOf(folder: string): ReportPicture[] {
  const names = readdirSync(folder).sort(byName)
  return PICTURES.flatMap(([pattern, caption]) =>
    names
      .filter((name) => pattern.test(name))
      .map((name) => {
        const words = name.replace(pattern, caption).replace(/\b1 (video|sample)s\b/g, '1 $1')
        return svg(words, readFileSync(path.join(folder, name), 'utf8'))
      }),
  )
}

const svg = (caption: string, content: string): ReportPicture => ({
  ...{ caption, type: 'image/svg+xml', bytes: Buffer.from(content) },
})
