import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { readNpy } from '../../src/data/npy.js'
import { GOLDEN, uniform } from './golden.js'

/** `nets.json` of a folder of golden networks, as golden data describes it. */
export interface NetsCase {
  readonly prefix: string
  readonly i3d?: {
    readonly state_dict: Readonly<Record<string, readonly number[]>>
    readonly logits_std: number
  }
  readonly lpips?: { readonly dim: number; readonly norms: readonly number[] }
}

export interface NetsFolder {
  readonly folder: string
  readonly golden: NetsCase
  /** A .npy file of the folder. */
  readonly array: (name: string) => { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
}

/** The golden networks: those of the folder itself, and of its sub-folders. */
export function netsFolders(): NetsFolder[] {
  const root = path.join(GOLDEN, 'nets')
  if (!existsSync(root)) return []
  const folders = [root, ...readdirSync(root).map((name) => path.join(root, name))]
  return folders
    .filter((folder) => existsSync(path.join(folder, 'nets.json')))
    .map((folder) => ({
      folder,
      golden: JSON.parse(readFileSync(path.join(folder, 'nets.json'), 'utf8')) as NetsCase,
      array: (name) => {
        const { shape, data } = readNpy(path.join(folder, name))
        return { shape, data: Float64Array.from(data as Float32Array) }
      },
    }))
}

/** The frames whose LPIPS distances are given: (count, size, size, 3), uint8. */
export function lpipsFrames(prefix: string, count: number): { frames: Uint8Array; size: number } {
  const size = prefix === '' ? 64 : 128
  const blocks = size / 8
  const base = uniform(`${prefix}lpips-frames`, count * blocks * blocks * 3)
  const frames = new Uint8Array(count * size * size * 3)
  let at = 0
  for (let frame = 0; frame < count; frame++)
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++)
        for (let channel = 0; channel < 3; channel++) {
          const block = (frame * blocks + (row >> 3)) * blocks + (column >> 3)
          const ramp = (((column + 3 * frame) % size) / size) * 95
          frames[at++] = Math.floor(160 * (base[block * 3 + channel] ?? NaN) + ramp)
        }
  return { frames, size }
}
