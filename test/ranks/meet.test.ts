import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { RankPlace } from '../../src/ranks/launcher.js'
import { freePort, meet } from '../../src/ranks/meet.js'

const options = { version: '1', deadline: 20_000 }

const placeOf = (rank: number, port: number, more: Partial<RankPlace> = {}): RankPlace => ({
  ...{ rank, size: 3, localRank: rank, localSize: 3, meeting: { host: '127.0.0.1', port }, job: 'j' },
  ...more,
})

/** A connection to a port, as soon as somebody listens there. */
async function connected(port: number): Promise<Socket> {
  for (;;) {
    const socket = createConnection({ port, host: '127.0.0.1' })
    // Rejects at an error.
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    if (isThere) return socket
    await setTimeout(20)
  }
}

/** Says something to a port; what is answered before the connection ends. */
async function say(port: number, text: string): Promise<string> {
  const socket = await connected(port)
  let answer = ''
  socket.on('data', (data) => (answer += data.toString()))
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('ranks that meet', () => {
  it('tell each other their addresses, whatever order they come in', async () => {
    const port = await freePort()
    const others = [2, 1].map((rank) => meet(placeOf(rank, port), undefined, options))
    const all = await Promise.all([meet(placeOf(0, port), { hello: [1] }, options), ...others])
    const [first] = all
    for (const { tasks, message } of all) {
      expect(tasks).toEqual(first.tasks)
      expect(message).toEqual({ hello: [1] })
    }
    expect(first.tasks).toHaveLength(3)
    for (const task of first.tasks) expect(task).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(new Set(first.tasks).size).toBe(3)
    await Promise.all(all.map((meeting) => meeting.ready()))
  })

  it('wait for rank 0 without gathering listeners, and miss nobody when told to stop', async () => {
    const warnings: Error[] = []
    const warn = (warning: Error) => warnings.push(warning)
    process.on('warning', warn)
    const stop = new AbortController()
    const port = await freePort()
    const late = meet(placeOf(1, port), undefined, { ...options, signal: stop.signal })
    const first = meet(placeOf(0, await freePort()), 0, { ...options, signal: stop.signal })
    await setTimeout(3000)
    stop.abort()
    for (const meeting of [late, first]) await expect(meeting).rejects.toThrow(/aborted/)
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })

  it('take the addresses that are stated', async () => {
    const port = await freePort()
    const tasks = [`127.0.0.1:${port}`, 'b:1', 'c:2']
    const all = [0, 1, 2].map((rank) => meet(placeOf(rank, port, { tasks }), rank, options))
    for (const { tasks: known, ready } of await Promise.all(all)) {
      expect(known).toEqual(tasks)
      void ready()
    }
  })

  it('send strangers away, and wait on', async () => {
    const port = await freePort()
    const first = meet(placeOf(0, port), 'm', options)
    const hello = { fdm: '1', job: 'j', rank: 1, size: 3, port: 9 }
    const answers = [
      await say(port, 'GET / HTTP/1.1\r\n\r\n'),
      await say(port, `${JSON.stringify({ ...hello, job: 'other' })}\n`),
      await say(port, `${JSON.stringify({ ...hello, fdm: '2' })}\n`),
      await say(port, `${JSON.stringify({ ...hello, size: 4 })}\n`),
      await say(port, `${JSON.stringify({ ...hello, rank: 3 })}\n`),
      await say(port, `${JSON.stringify({ ...hello, port: 'x' })}\n`),
    ]
    const reasons = answers.map((text) =>
      text === '' ? '' : (JSON.parse(text) as { refused: string }).refused,
    )
    expect(reasons).toEqual([
      '',
      expect.stringContaining('belongs to another job'),
      'it is of version 2, rank 0 of version 1',
      'it is one of 4 processes, rank 0 one of 3',
      'there is no other rank 3',
      'it does not say where its engine is',
    ])
    const others = [1, 2].map((rank) => meet(placeOf(rank, port), undefined, options))
    expect((await Promise.all([first, ...others])).map(({ message }) => message)).toEqual(['m', 'm', 'm'])
  })

  it('say that they are of another job', async () => {
    const port = await freePort()
    const first = meet(placeOf(0, port), 'm', { ...options, deadline: 3000 })
    const stranger = meet(placeOf(1, port, { job: 'k' }), undefined, options)
    await expect(stranger).rejects.toThrow(/sent this process away: it belongs to another job/)
    await expect(first).rejects.toThrow(
      /not all of 3 .* rank 1, 2 did not; sent away was 127.0.0.1: it belongs/,
    )
  })

  it('give up when the time is over', async () => {
    const port = await freePort()
    const short = { ...options, deadline: 300 }
    await expect(meet(placeOf(1, port), undefined, short)).rejects.toThrow(/rank 1 could not meet rank 0 at/)
    await expect(meet(placeOf(0, port), 'm', short)).rejects.toThrow(/within 0.3 s: rank 1, 2 did not/)
  })

  it('say that their port is taken', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    await expect(meet(placeOf(0, port), 'm', options)).rejects.toThrow(/is taken: set another MASTER_PORT/)
    server.close()
  })

  it('notice who ends before training begins', async () => {
    const port = await freePort()
    const first = meet(placeOf(0, port, { size: 2 }), 'm', options)
    const socket = await connected(port)
    socket.write(`${JSON.stringify({ fdm: '1', job: 'j', rank: 1, size: 2, port: 9 })}\n`)
    const { ready } = await first
    socket.destroy()
    await expect(ready()).rejects.toThrow('rank 1 ended before training began')
  })
})
