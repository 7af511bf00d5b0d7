import { LONG_VIDEO, measurePlanning } from '../src/bench/planning.js'
import { samplingSchemes } from '../src/schemes/registry.js'

// How long planning takes: printed as a table, of which docs/schemes.md has the gist.

/** Numbers in an embedding: of pixels, and of LPIPS at 64x64 pixels. */
const EMBEDDINGS = [192, 31_872]

const { videoLength, observed, maxFrames, stepSize } = LONG_VIDEO
process.stdout.write(
  `${videoLength} frames from ${String(observed)}, ${maxFrames} at once, ${stepSize} new; milliseconds of processor time\n\n` +
    '| scheme | numbers in an embedding | stages | first time | later |\n| --- | --- | --- | --- | --- |\n',
)
for (const scheme of Object.values(samplingSchemes))
  for (const numbers of scheme.adaptive ? EMBEDDINGS : [0]) {
    const repetitions = numbers > 1000 ? 3 : 15
    const { stages, milliseconds } = measurePlanning(scheme, LONG_VIDEO, { numbers, repetitions })
    const [first = NaN, ...later] = milliseconds
    const cells = [scheme.name, numbers || '', stages, first.toFixed(1), median(later).toFixed(1)]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
