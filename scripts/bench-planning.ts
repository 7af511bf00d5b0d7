import { LONG_VIDEO, measurePlanning } from '../src/bench/planning.js'
import { median } from '../src/median.js'
import { computesOnGpu, nativeExtension } from '../src/runtime/native-extension.js'
import { startRuntime } from '../src/runtime/start.js'
import { samplingSchemes } from '../src/schemes/registry.js'

// How long planning takes: printed as a table, of which docs/schemes.md has the gist.

/** What frames are compared by: numbers each. LPIPS embeddings stay where they are made. */
const FEATURES = [
  { of: 'pixels', numbers: 192, mayStayOnDevice: false },
  { of: 'LPIPS, 64x64', numbers: 31_872, mayStayOnDevice: true },
] as const
const NONE = { of: '', numbers: 0, mayStayOnDevice: false }

const { description } = await startRuntime()
const squaredDistances = nativeExtension()?.squaredDistances
const isOnGpu = computesOnGpu()
const { videoLength, observed, maxFrames, stepSize } = LONG_VIDEO
process.stdout.write(
  `${description}\n${videoLength} frames from ${String(observed)}, ${maxFrames} at once, ${stepSize} new; milliseconds (planning: ${isOnGpu ? 'by the clock' : 'processor time'}; comparing: by the clock)\n` +
    `LPIPS embeddings are compared ${isOnGpu ? 'on the GPU, where they are beforehand' : 'by processors'}\n\n` +
    '| scheme | features | stages | planning, first time | later | comparing frames as they come | planning and comparing |\n' +
    '| --- | --- | --- | --- | --- | --- | --- |\n',
)
for (const scheme of Object.values(samplingSchemes))
  for (const { of, numbers, mayStayOnDevice } of scheme.adaptive ? FEATURES : [NONE]) {
    const [first, ...later] = measurePlanning(scheme, LONG_VIDEO, {
      numbers,
      repetitions: numbers > 1000 ? 6 : 15,
      squaredDistances,
      onDevice: isOnGpu && mayStayOnDevice,
      // The driver's threads are not planning.
      ...(isOnGpu && { now: () => performance.now() }),
    })
    const planning = [first?.planning ?? NaN, median(later.map((time) => time.planning))]
    const comparing =
      scheme.adaptive && squaredDistances ? median(later.map((time) => time.comparing)).toFixed(1) : ''
    const both = median(later.map((time) => time.planning + time.comparing))
    const cells = [
      scheme.name,
      of,
      first?.stages ?? 0,
      ...planning.map((ms) => ms.toFixed(1)),
      comparing,
      both.toFixed(1),
    ]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
