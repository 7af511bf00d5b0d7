import { expect, it } from 'vitest'
import { operationTimes } from '../../src/bench/operation-times.js'
import { ProtobufWriter } from '../../src/protobuf/protobuf-writer.js'

interface Event {
  readonly name: string
  /** Picoseconds. */
  readonly offset: number
  readonly duration: number
  /** An operation, as a text or by the number of a name. */
  readonly operation?: string | number
}

/** An XSpace: planes by name, with the events of each line. */
function space(planes: Readonly<Record<string, readonly (readonly Event[])[]>>, statNames: string[] = []) {
  const whole = new ProtobufWriter()
  for (const [plane, lines] of Object.entries(planes))
    whole.message(1, (message) => {
      message.text(2, plane)
      const names = [...new Set(lines.flat().map(({ name }) => name))]
      for (const events of lines)
        message.message(3, (line) => {
          for (const { name, offset, duration, operation } of events)
            line.message(4, (event) => {
              event.integer(1, names.indexOf(name)).integer(2, offset).integer(3, duration)
              if (operation === undefined) return
              // Another stat first: it is told by its name.
              event.message(4, (stat) => stat.integer(1, 99).text(5, 'another:Stat'))
              event.message(4, (stat) => {
                stat.integer(1, 0)
                if (typeof operation === 'string') stat.text(5, operation)
                else stat.integer(7, operation)
              })
            })
        })
      for (const [field, list] of [
        [4, names],
        [5, statNames],
      ] as const)
        list.forEach((name, key) =>
          message.message(field, (entry) =>
            entry.integer(1, key).message(2, (metadata) => metadata.text(2, name)),
          ),
        )
    })
  return whole.finish()
}

const MS = 1e9

it('adds up operations by type, without what is computed within them and what is none', () => {
  const bytes = space({
    '/host:CPU': [
      [
        { name: 'ExecutorState::Process', offset: 0, duration: 100 * MS },
        { name: 'net/call:PartitionedCall', offset: 0, duration: 10 * MS },
        { name: 'n1:MatMul', offset: 2 * MS, duration: 3 * MS },
        { name: 'n2:_MklConv2D', offset: 5 * MS, duration: 5 * MS },
        { name: 'n3:MatMul', offset: 10 * MS, duration: 4 * MS },
      ],
      [{ name: 'n1:MatMul', offset: 1 * MS, duration: 0.5 * MS }],
    ],
    'Task Environment': [],
  })
  expect(operationTimes(bytes)).toEqual([
    { type: 'MatMul', count: 3, milliseconds: 7.5 },
    { type: '_MklConv2D', count: 1, milliseconds: 5 },
    { type: 'PartitionedCall', count: 1, milliseconds: 2 },
  ])
})

it('takes the kernels of GPUs where these computed, by their operations', () => {
  const kernel = (name: string, offset: number, operation?: string | number) => ({
    name,
    offset,
    duration: MS,
    ...(operation !== undefined && { operation }),
  })
  const bytes = space(
    {
      '/host:CPU': [[{ name: 'n1:MatMul', offset: 0, duration: 9 * MS }]],
      '/device:GPU:0': [
        [
          kernel('gemm', 0, 'n1:MatMul'),
          kernel('fill', 1 * MS, 1),
          kernel('memcpy', 2 * MS),
          kernel('gemm', 3 * MS, 'n1:MatMul'),
        ],
      ],
    },
    ['tf_op', 'n2:Fill'],
  )
  expect(operationTimes(bytes)).toEqual([
    { type: 'MatMul', count: 2, milliseconds: 2 },
    { type: 'Fill', count: 1, milliseconds: 1 },
    { type: 'memcpy', count: 1, milliseconds: 1 },
  ])
})

it('refuses other bytes', () => {
  expect(() => operationTimes(Uint8Array.of(10, 100))).toThrow('100 bytes are to follow')
})
