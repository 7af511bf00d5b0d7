import { readFileSync, rmSync } from 'node:fs'
import { defaultsOf } from '../src/config/option.js'
import type { ReportConfig } from '../src/config/report.js'
import { videoOptions } from '../src/config/sampling.js'
import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import { givenFrames } from '../src/evaluation/given-frames.js'
import type { ReportPicture } from '../src/evaluation/report/report-page.js'
import { isFolder } from '../src/files/make-folder.js'
import { temporaryFolder } from '../src/files/temporary-folder.js'
import { samplesFolder } from '../src/sampling/results/results-layout.js'
import { samplesByVideo, sampleSet } from '../src/sampling/results/sample-set.js'
import { frameRanges } from '../src/schemes/frame-ranges.js'
import { findFfmpeg } from '../src/setup/ffmpeg.js'
import { makeVideo } from '../src/video/make-video.js'
import { inDataDir, openConfigDataset } from './open-dataset.js'
import type { Terminal } from './terminal.js'

/** Smaller frames are enlarged to about so many pixels a side. */
const LEAST_SIDE = 128

/**
 * The first samples of a run as a film: mp4 where there is ffmpeg, else GIF.
 * @returns the film, or a note that says why there is none
 * @throws UserError naming samples that cannot be used, unless they are to be skipped, or missing truth.
 */
export async function reportFilm(
  folder: string,
  options: ReportConfig,
  terminal: Terminal,
): Promise<{ readonly pictures: readonly ReportPicture[]; readonly notes: readonly string[] }> {
  if (!isFolder(samplesFolder(folder))) return { pictures: [], notes: ['The folder has no samples.'] }
  const all = sampleSet(folder, { skipBad: true })
  const here = samplesByVideo({ samples: [...all.samples, ...all.skipped] })
  const videos = leading((video) => here.has(video), options.do_n)
  if (videos === 0) return { pictures: [], notes: ['There is no sample of video 0, so that no film begins.'] }
  const seeds = leading((idx) => all.samples.some(({ sampleIdx }) => sampleIdx === idx), options.n_seeds)
  const [T, size] = all.shape
  const given = whichFrames(folder, T)
  const notes: string[] = []
  const temporary = temporaryFolder('fdm-report-')
  try {
    const ffmpeg = findFfmpeg()
    const file = await makeVideo({
      options: {
        ...defaultsOf(videoOptions),
        ...{ eval_dir: folder, out_dir: temporary, do_n: videos, n_seeds: seeds },
        ...{ add_gt: options.add_gt, fps: options.fps, skip_bad: options.skip_bad },
        obs_frames: given.length === 0 ? '' : frameRanges(given),
        format: ffmpeg === undefined ? 'gif' : 'mp4',
        scale: Math.max(1, Math.round(LEAST_SIDE / size)),
      },
      openTruth: (config, length) =>
        openConfigDataset(inDataDir(config, options.data_dir), 'test', terminal, length),
      ffmpeg: () => ffmpeg,
      onLeftOut(line) {
        terminal.log(line)
        notes.push(line)
      },
      signal: terminal.signal,
    })
    const truth = options.add_gt ? 'The truth on top, below it ' : ''
    const caption = `${truth}${counted(seeds, 'sample')} of ${counted(videos, 'video')}; frames with a red border were given`
    const type = ffmpeg === undefined ? 'image/gif' : 'video/mp4'
    return { pictures: [{ caption, type, bytes: readFileSync(file) }], notes }
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** How many of the numbers 0, 1, .. have something, at most `most`. */
function leading(has: (number: number) => boolean, most: number): number {
  let number = 0
  while (number < most && has(number)) number++
  return number
}

/** None if nothing says which. */
function whichFrames(folder: string, T: number): number[] {
  try {
    return givenFrames(folder, { n_obs: undefined, obs_frames: '' }, T)
  } catch (error) {
    if (error instanceof UserError) return []
    throw error
  }
}
