import { expect, it } from 'vitest'
import { startSide, SideFailure } from '../../src/bench/side-process.js'

const node = (program: string) =>
  startSide({ words: [process.execPath, '--input-type=module', '--eval', program], env: {} })

const ECHO = `
  import { createInterface } from 'node:readline'
  for await (const line of createInterface({ input: process.stdin })) {
    const { count } = JSON.parse(line)
    console.log(JSON.stringify(count > 2 ? { error: 'too many' } : { milliseconds: Array(count).fill(1) }))
  }`

it('asks and is answered, line by line', async () => {
  const side = node(ECHO)
  expect(await side.ask('steps', { count: 2 })).toEqual({ milliseconds: [1, 1] })
  await expect(side.ask('steps', { count: 3 })).rejects.toEqual(new SideFailure('too many'))
  expect(await side.ask('steps', { count: 1 })).toEqual({ milliseconds: [1] })
  await side.close()
})

it('passes on the last words of a process that ends', async () => {
  const side = node(`console.error('one\\nno library\\n'); process.exit(1)`)
  await expect(side.ask('memory', {})).rejects.toEqual(new SideFailure('no library'))
  await side.close()
})

it('says so if a program is not there', async () => {
  const side = startSide({ words: ['no-such-python'], env: {} })
  await expect(side.ask('memory', {})).rejects.toThrow(/no-such-python/)
  await side.close()
})
