import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { moduleArguments } from '../helpers/spawn-module.js'

/** The program of `main-child.ts`, once it runs: `ended` gives its status and what it wrote to stderr. */
async function start(how: string, stdout: 'pipe' | number = 'pipe') {
  const module = new URL('./main-child.ts', import.meta.url)
  const child = spawn(process.execPath, moduleArguments(module), {
    env: { ...process.env, FDM_CHILD: how },
    stdio: ['ignore', stdout, 'pipe'],
  })
  let stderr = ''
  let length = 0
  child.stdout?.on('data', (data: Buffer) => (length += data.length))
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()))
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stderr }))
  const heard = async () => {
    if (child.stdout) await once(child.stdout, 'data')
  }
  await heard()
  child.stdout?.resume()
  return { child, ended, said: () => stderr, length: () => length, heard }
}

it('takes signals that come together for one, as where npm passes on what the terminal sends to all', async () => {
  const { child, ended } = await start('')
  child.kill('SIGINT')
  child.kill('SIGINT')
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  expect(stderr).toMatch(/stopping where nothing is lost.*\nsaved\n$/)
  expect([130, 143]).toContain(status)
})

it('ends at once when it is told to stop once more', async () => {
  const { child, ended, said } = await start('stubborn')
  child.kill('SIGINT')
  while (!said().includes('stopping')) await setTimeout(20)
  while (child.exitCode === null) {
    child.kill('SIGINT')
    await setTimeout(100)
  }
  expect(await ended).toMatchObject({ status: 130, stderr: expect.not.stringContaining('saved') as string })
})

it('goes on when a terminal closes that it has nothing to do with, as under nohup', async () => {
  const { child, ended, said, heard } = await start('')
  child.kill('SIGHUP')
  await heard()
  expect(said()).toBe('')
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ status: 143, stderr: expect.stringContaining('saved') as string })
})

describe('under npx, whose shell ends when it is told to and passes nothing on', () => {
  /** The program below a shell: that one, and what the program said so far. */
  async function startBelowShell() {
    const words = [process.execPath, ...moduleArguments(new URL('./main-child.ts', import.meta.url))]
    const shell = spawn('sh', ['-c', '"$@"; exit', 'sh', ...words], {
      env: { ...process.env, FDM_CHILD: '', npm_lifecycle_event: 'npx' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [steps, stderr] = [0, '']
    shell.stdout.on('data', (text: Buffer) => (steps += text.toString().match(/step/g)?.length ?? 0))
    shell.stderr.on('data', (text: Buffer) => (stderr += text.toString()))
    await once(shell.stdout, 'data')
    const children = readFileSync(`/proc/${String(shell.pid)}/task/${String(shell.pid)}/children`, 'utf8')
    return { shell, pid: Number(children.trim()), steps: () => steps, stderr: () => stderr }
  }

  it.runIf(process.platform === 'linux')('it stops as if told to', async () => {
    const { shell, stderr } = await startBelowShell()
    const closed = once(shell, 'close')
    shell.kill('SIGTERM')
    await closed
    expect(stderr()).toMatch(/stopping where nothing is lost.*\nsaved\n$/)
  })

  it.runIf(process.platform === 'linux')('it goes on where both hear of a terminal that closes', async () => {
    const { shell, pid, steps, stderr } = await startBelowShell()
    process.kill(pid, 'SIGHUP')
    shell.kill('SIGTERM')
    await setTimeout(1500)
    const before = steps()
    await setTimeout(200)
    expect(steps()).toBeGreaterThan(before)
    expect(stderr()).toBe('')
    const closed = once(shell, 'close')
    process.kill(pid, 'SIGTERM')
    await closed
    expect(stderr()).toMatch(/saved\n$/)
  })
})

it('stops as if told to when the reader of its output has gone', async () => {
  const { child, ended } = await start('')
  child.stdout?.destroy()
  expect(await ended).toEqual({ status: 141, stderr: 'saved\n' })
})

describe('when what it said is more than the pipe to its reader holds', () => {
  it('waits for the reader', async () => {
    const { child, ended, said, length } = await start('long')
    child.stdout?.pause()
    while (!said().includes('saved')) await setTimeout(20)
    await setTimeout(200)
    child.stdout?.resume()
    expect(await ended).toEqual({ status: 0, stderr: 'saved\n' })
    expect(length()).toBeGreaterThan(1e6)
  })

  it('ends at once when it is told to stop', async () => {
    const { child, ended, said } = await start('long')
    child.stdout?.pause()
    while (!said().includes('saved')) await setTimeout(20)
    await setTimeout(200)
    child.kill('SIGTERM')
    await once(child, 'exit')
    child.stdout?.resume()
    expect(await ended).toMatchObject({ status: 143 })
  })
})

it.runIf(process.platform === 'linux').each(['short', 'once'])(
  'ends its work when its output cannot be written, and says so: %s',
  async (how) => {
    const full = openSync('/dev/full', 'w')
    const { ended } = await start(how, full)
    closeSync(full)
    expect(await ended).toEqual({
      status: 1,
      stderr: 'saved\nfdm: could not write to standard output: the disk is full\n',
    })
  },
)

it('has failed where it was told to stop and something was lost by it', async () => {
  const { child, ended } = await start('lost')
  child.kill('SIGTERM')
  const { status, stderr } = await ended
  expect(stderr).toMatch(/^fdm: step 7 is not saved$/m)
  expect(status).toBe(1)
})

it('ends as by a signal that another process has got for it', async () => {
  expect(await (await start('other')).ended).toEqual({ status: 141, stderr: '' })
})

it('has a line for what the system does not allow, and a stack for what is missing without a word', async () => {
  const denied = await (await start('denied')).ended
  expect(denied).toEqual({ status: 1, stderr: 'fdm: could not use /data/a: permission denied\n' })
  const gone = await (await start('gone')).ended
  expect(gone.status).toBe(70)
  expect(gone.stderr).toMatch(/^fdm: a fault of the program:\nError: ENOENT\n +at /)
})
