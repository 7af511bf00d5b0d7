import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { ProtobufWriter } from '../../src/protobuf/protobuf-writer.js'
import { maskedCrc32c } from '../../src/tensorflow-checkpoint/crc32c.js'
import { Wire } from '../../src/protobuf/wire.js'
import { eventFile } from '../../src/tracking/tensorboard/event-file.js'
import { tfRecord } from '../../src/tracking/tensorboard/tf-record.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-events-'))
afterAll(() => rmSync(root, { recursive: true }))
const GIF = Buffer.from('GIF89a\x02\x00\x03\x00;', 'latin1')
const START = 1_700_000_000_500

type Fields = ReturnType<Wire['fields']>
const message = (fields: Fields, number: number): Fields | undefined => {
  const bytes = fields.get(number)?.[0]
  return bytes instanceof Uint8Array ? new Wire(bytes).fields() : undefined
}
const text = (fields: Fields | undefined, number: number) => {
  const bytes = fields?.get(number)?.[0]
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString() : undefined
}
const asFloat = (bits: unknown) => new Float32Array(Uint32Array.of(Number(bits)).buffer)[0]

/** What a file of events says, its checksums checked. */
function readEvents(file: string) {
  const content = readFileSync(file)
  const events: unknown[] = []
  for (let at = 0; at < content.length;) {
    const length = Number(content.readBigUInt64LE(at))
    expect(content.readUInt32LE(at + 8)).toBe(maskedCrc32c(content.subarray(at, at + 8)))
    const data = content.subarray(at + 12, at + 12 + length)
    expect(content.readUInt32LE(at + 12 + length)).toBe(maskedCrc32c(data))
    at += length + 16
    const event = new Wire(data).fields()
    const wallTime = event.get(1)?.[0]
    const values = (message(event, 5)?.get(1) ?? []).map((bytes) => {
      const value = new Wire(bytes as Uint8Array).fields()
      const image = message(value, 4)
      return image
        ? [
            text(value, 1),
            image.get(1)?.[0],
            image.get(2)?.[0],
            Uint8Array.from(image.get(4)?.[0] as Uint8Array),
          ]
        : [text(value, 1), asFloat(value.get(2)?.[0])]
    })
    events.push({
      time: wallTime instanceof Uint8Array ? Buffer.from(wallTime).readDoubleLE() : undefined,
      step: event.get(2)?.[0],
      version: text(event, 3),
      values,
      session: message(event, 7)?.get(1)?.[0],
    })
  }
  return events
}

it('frames the bytes that TensorBoard frames', () => {
  // `RecordWriter` of tensorboard 2.21.0, given an event of these values.
  const golden = '1a00000000000000129bd82d09000000000000f83f10021a0d627261696e2e4576656e743a32eb1c4e44'
  const event = new ProtobufWriter().double(1, 1.5).integer(2, 2).text(3, 'brain.Event:2').finish()
  expect(Buffer.from(tfRecord(event)).toString('hex')).toBe(golden)
})

it('writes numbers and videos, and takes back what a resumed run repeats', () => {
  const folder = path.join(root, 'new', 'run')
  let now = START
  const tracker = eventFile(folder, undefined, () => now)
  tracker.log(10, { loss: 0.5, 'timing/step_time': NaN })
  now += 1000
  tracker.media?.(10, 'video-0', { kind: 'gif', bytes: GIF })
  const [first = ''] = readdirSync(folder)
  expect(first).toMatch(/^events\.out\.tfevents\.1700000000\..+\.\d+\.0$/)
  const event = { version: undefined, session: undefined, values: [], time: START / 1000 }
  expect(readEvents(path.join(folder, first))).toEqual([
    { ...event, step: 0, version: 'brain.Event:2' },
    { ...event, step: 10, values: [['loss', 0.5], ['timing/step_time', NaN]] }, // prettier-ignore
    { ...event, step: 10, time: START / 1000 + 1, values: [['video-0', 3, 2, Uint8Array.from(GIF)]] },
  ])

  // In the same second: the name still comes after the first one's.
  eventFile(folder, 10, () => START).log(20, { loss: 0.25 })
  const names = readdirSync(folder).sort()
  expect([names.length, names[0]]).toEqual([2, first])
  expect(readEvents(path.join(folder, names[1] ?? ''))).toEqual([
    { ...event, step: 0, version: 'brain.Event:2' },
    { ...event, step: 11, session: 1 },
    { ...event, step: 20, values: [['loss', 0.25]] },
  ])
})

it('says what stands in the way', () => {
  writeFileSync(path.join(root, 'file'), '')
  expect(() => eventFile(path.join(root, 'file', 'x'), undefined, () => 0)).toThrow(UserError)
})
