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
  readonly coords?: {
    readonly cells: readonly number[]
    readonly logit_std: number
    readonly xy: readonly (readonly [number, number])[]
  }
  readonly metrics?: readonly (FeatureMetrics | SpeedMetrics)[]
  readonly lpips?: { readonly dim: number; readonly norms: readonly number[] }
}

/** Distances of two made-up sets of features: the second is 1.2 signed + 0.1. */
export interface FeatureMetrics {
  readonly n1: number
  readonly n2: number
  readonly dim: number
  readonly names: readonly [string, string]
  readonly frechet_sqrtm: number
  readonly mmd_cubic_unbiased: number
}

export interface SpeedMetrics {
  readonly wasserstein_1d: number
  readonly names: readonly [string, string]
  /** `a: 900 values u*3.5; b: 1200 values sqrt(u)*3.2`, u uniform. */
  readonly make: string
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

/** The numbers of a recipe: `900 values u*3.5`, `1200 values sqrt(u)*3.2`. */
export function madeSpeeds({ names, make }: SpeedMetrics): [Float64Array, Float64Array] {
  const recipes = make.split(';').map((recipe, i) => {
    const [, count, form, factor] = /(\d+) values (u|sqrt\(u\))\*([\d.]+)\s*$/.exec(recipe) ?? []
    if (form === undefined) throw new Error(`the recipe ${recipe} is not known`)
    const root = form !== 'u'
    return uniform(names[i] ?? '', Number(count)).map((u) => (root ? Math.sqrt(u) : u) * Number(factor))
  })
  return recipes as [Float64Array, Float64Array]
}
