import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { measureReading } from '../src/bench/reading.js'
import { writeNpy } from '../src/data/npy.js'
import { openVideoFile } from '../src/data/video-file.js'
import { tensor, writeTorchFile } from '../src/torch-file/index.js'

// What reading the frames of a training item costs: printed as the table in docs/data.md.

/** As CARLA's. */
const [T, SIZE] = [1000, 128]
const SETTINGS = { frames: 20, repetitions: 400 }

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-reading-'))
try {
  const data = Uint8Array.from({ length: T * SIZE * SIZE * 3 }, (_, i) => (i * 31) % 256)
  const shape = [T, SIZE, SIZE, 3]
  const files = ['video_0.pt', '0.npy'].map((name) => path.join(folder, name))
  writeTorchFile(files[0] ?? '', tensor('uint8', shape, data))
  writeNpy(files[1] ?? '', { dtype: 'uint8', shape, data })
  process.stdout.write(
    `${SETTINGS.frames} frames at random places of ${T} of ${SIZE}x${SIZE} pixels, file in the system's cache; milliseconds\n\n` +
      '| file | open | median | 9 of 10 below | slowest | bytes asked for | most allocated |\n' +
      '| --- | --- | --- | --- | --- | --- | --- |\n',
  )
  for (const file of files) {
    // Once without counting: code that runs for the first time is slow.
    measureReading(
      () => openVideoFile(file),
      { ...SETTINGS, repetitions: 20 },
      () => performance.now(),
    )
    const begin = performance.now()
    openVideoFile(file)
    const opening = performance.now() - begin
    const { milliseconds, asked, allocated } = measureReading(
      () => openVideoFile(file),
      SETTINGS,
      () => performance.now(),
    )
    const sorted = [...milliseconds].sort((a, b) => a - b)
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(2)
    process.stdout.write(
      `| ${path.extname(file)} | ${opening.toFixed(2)} | ${at(0.5)} | ${at(0.9)} | ${at(1)} | ${asked} | ${allocated} |\n`,
    )
  }
} finally {
  rmSync(folder, { recursive: true })
}
