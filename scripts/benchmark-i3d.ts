import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { CLASSES, i3dUnits, LAST_CHANNELS } from '../src/evaluation/i3d/architecture.js'
import { createI3d } from '../src/evaluation/i3d/create-i3d.js'
import { hostRandom } from '../src/random.js'
import { startRuntime } from '../src/runtime/start.js'

/*
 * How long I3D takes for a video, here and in PyTorch, in turns on the same machine:
 *   node dist/scripts/benchmark-i3d.js --python python3 --threads 2 100x64x64 16x128x128
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: 'string', default: 'python3' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
})
const sizes = positionals.length > 0 ? positionals : ['100x64x64', '16x128x128']

const runtime = await startRuntime()
const i3d = createI3d({ layers: madeLayers(), hash: '' }, 'made')
const script = path.join(import.meta.dirname, '../../scripts/benchmark-i3d.py')
const torch = spawn(values.python, [script, values.threads], { stdio: ['pipe', 'pipe', 'inherit'] })
const lines = createInterface(torch.stdout)[Symbol.asyncIterator]()
const nextLine = async () => String((await lines.next()).value)
console.log(`${runtime.description}; PyTorch ${await nextLine()}`)

for (const size of sizes) {
  const [T = 0, height = 0, width = 0] = size.split('x').map(Number)
  const random = hostRandom(0, size)
  const pixels = Uint8Array.from({ length: T * height * width * 3 }, () => 256 * random.uniform())
  const ours: number[] = []
  const theirs: number[] = []
  // The first round records and warms up.
  for (let round = 0; round <= Number(values.rounds); round++) {
    const start = performance.now()
    await i3d.logits({ pixels, height, width })
    const elapsed = performance.now() - start
    torch.stdin.write(`${T} ${height} ${width}\n`)
    const other = Number(await nextLine())
    if (round > 0) ours.push(elapsed)
    if (round > 0) theirs.push(other)
  }
  const [mine, other] = [Math.min(...ours), Math.min(...theirs)]
  console.log(
    `${size}: ${mine.toFixed(0)} ms here, ${other.toFixed(0)} ms in PyTorch: ${(mine / other).toFixed(2)}`,
  )
}
torch.stdin.end()
i3d.dispose()

function madeLayers() {
  const random = hostRandom(0)
  const last = { name: 'logits', size: [1, 1, 1] as const, channelsIn: LAST_CHANNELS, channelsOut: CLASSES }
  return new Map(
    [...i3dUnits(), last].map(({ name, size: [t, h, w], channelsIn, channelsOut }) => {
      const fanIn = t * h * w * channelsIn
      const bound = Math.sqrt(6 / fanIn)
      const kernel = Float32Array.from(
        { length: fanIn * channelsOut },
        () => bound * (2 * random.uniform() - 1),
      )
      const bias = new Float32Array(channelsOut)
      return [name, { shape: [t, h, w, channelsIn, channelsOut] as const, kernel, bias }]
    }),
  )
}
