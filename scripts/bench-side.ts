import { createInterface } from 'node:readline'
import { OwnSide } from '../src/bench/own-side.js'
import type { SideJob } from '../src/bench/side-job.js'

/** A line from `fdm bench`, which starts this as a process of its own. */
type Request =
  | { readonly name: 'start'; readonly job: SideJob }
  | { readonly name: 'prepare' | 'memory' }
  | { readonly name: 'steps'; readonly count: number }
  | { readonly name: 'product'; readonly size: number }
  | { readonly name: 'profile'; readonly count: number; readonly file: string }

// One JSON object a line, in and out, each request with its reply.
let side: OwnSide | undefined
for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line) as Request).catch((error: unknown) => ({
    error: error instanceof Error ? error.message : String(error),
  }))
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}

async function answer(request: Request): Promise<object> {
  if (request.name === 'start') {
    const [started, about] = await OwnSide.start(request.job, () => performance.now())
    side = started
    return about
  }
  if (!side) throw new Error('the side was not started')
  switch (request.name) {
    case 'prepare':
      return side.prepare()
    case 'steps':
      return side.steps(request)
    case 'product':
      return side.product(request)
    case 'profile':
      return side.profile(request)
    case 'memory':
      return side.memory()
  }
}
