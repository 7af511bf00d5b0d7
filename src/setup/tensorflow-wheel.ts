import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { hasLibraries } from './compile-binding.js'
import { downloadWheels } from './pip.js'
import { readZipText, unzip } from './unzip.js'

/** The release series whose libraries are fetched. */
export const TENSORFLOW_SERIES = '2.21'

/**
 * Fetches TensorFlow's Python wheel and unpacks its C library and headers into `folder/tensorflow`. With
 * `cuda` the wheel for NVIDIA GPUs, and the NVIDIA libraries it names into `folder/nvidia`, where the
 * library looks for them. The wheels are deleted as soon as they are unpacked.
 * @throws UserError if pip is missing, cannot fetch one, or one is damaged.
 */
export async function fetchTensorFlow(
  folder: string,
  cuda: boolean,
  onProgress: (line: string) => void,
): Promise<void> {
  // There is no tensorflow-cpu for ARM; the plain wheel has no GPU code there.
  const name = cuda || process.arch !== 'x64' ? 'tensorflow' : 'tensorflow-cpu'
  const downloads = path.join(folder, 'downloads')
  mkdirSync(downloads, { recursive: true })
  onProgress(`fetching ${name} ${TENSORFLOW_SERIES} with pip (${cuda ? 570 : 270} MB)`)
  const [wheel] = await downloadWheels([`${name}==${TENSORFLOW_SERIES}.*`], downloads)
  if (wheel === undefined)
    throw new UserError(`pip fetched no wheel of ${name}: run "pip download ${name}" to see why`)
  onProgress('unpacking TensorFlow')
  await unzip(wheel, folder, isNeeded)
  const requirements = cuda ? cudaRequirements((await readZipText(wheel, isMetadata)) ?? '') : []
  rmSync(wheel)
  if (!hasLibraries(path.join(folder, 'tensorflow'))) {
    throw new UserError(
      `${path.basename(wheel)} does not contain TensorFlow's C library: this platform's wheels do not`,
    )
  }
  for (const requirement of requirements) {
    onProgress(`fetching ${requirement}`)
    for (const library of await downloadWheels([requirement], downloads)) {
      await unzip(library, folder, (entry) => entry.startsWith('nvidia/'))
      rmSync(library)
    }
  }
  rmSync(downloads, { recursive: true, force: true })
}

/** Of the wheel, the two libraries and the headers: a third of what it unpacks to. */
function isNeeded(entry: string): boolean {
  return /^tensorflow\/(libtensorflow_(cc|framework)\.so\.2$|include\/)/.test(entry)
}

function isMetadata(entry: string): boolean {
  return /^[^/]+\.dist-info\/METADATA$/.test(entry)
}

/**
 * What the extra `and-cuda` of a wheel asks for, from lines such as
 * `Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"`.
 */
export function cudaRequirements(metadata: string): string[] {
  return metadata.split(/\r?\n/).flatMap((line) => {
    const match = /^Requires-Dist:\s*([^;]+?)\s*;.*extra\s*==\s*['"]and-cuda['"]/.exec(line)
    return match?.[1] === undefined ? [] : [match[1].replaceAll(/[\s()]/g, '')]
  })
}
