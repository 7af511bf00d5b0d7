import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach } from 'vitest'
import { writeNpy } from '../../src/data/npy.js'
import { tensor, writeTorchFile } from '../../src/torch-file/index.js'

/** Gives each test of a file new folders, deleted after it. */
export function temporaryFolders(): () => string {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })
  return () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'fdm-data-'))
    folders.push(folder)
    return folder
  }
}

/** A video whose pixels say where they come from: (T, size, size, 3). */
export function countingVideo(T: number, size: number, start = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: T * size * size * 3 }, (_, i) => (start + 37 * i + (i >> 8)) % 256)
}

/** Writes a video as .npy or .pt, by the file's name. */
export function writeVideo(file: string, T: number, size: number, start = 0): Uint8Array {
  const [shape, data] = [[T, size, size, 3], countingVideo(T, size, start)]
  if (file.endsWith('.npy')) writeNpy(file, { dtype: 'uint8', shape, data })
  else writeTorchFile(file, tensor('uint8', shape, data))
  return data
}
