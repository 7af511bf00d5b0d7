import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'
import { ByteWriter } from '../../src/torch-file/byte-writer.js'
import { TorchTensor, type TorchValue } from '../../src/torch-file/index.js'
import { OP } from '../../src/torch-file/pickle/opcodes.js'
import { ZipWriter } from '../../src/torch-file/zip-writer.js'

/** A folder that is gone after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-torch-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Every tensor inside a value. */
export function* tensorsIn(value: TorchValue | undefined): Generator<TorchTensor> {
  if (value instanceof TorchTensor) yield value
  else if (value instanceof Map)
    for (const item of (value as ReadonlyMap<TorchValue, TorchValue>).values()) yield* tensorsIn(item)
  else if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array))
    for (const item of Object.values(value) as TorchValue[]) yield* tensorsIn(item)
}

/** A pickle written by hand, one operation after the other. */
export class HandPickle extends ByteWriter {
  constructor() {
    super()
    this.u8(OP.PROTO).u8(2)
  }

  op(name: keyof typeof OP): this {
    return this.u8(OP[name])
  }

  text(text: string): this {
    const bytes = Buffer.from(text)
    return this.op('BINUNICODE').u32(bytes.length).raw(bytes)
  }

  int(value: number): this {
    if (Math.abs(value) < 2 ** 31) return this.op('BININT').i32(value)
    return this.op('LONG1').u8(8).u64(value)
  }

  global(module: string, name: string): this {
    return this.op('GLOBAL').raw(Buffer.from(`${module}\n${name}\n`))
  }

  tuple(...items: (() => void)[]): this {
    this.op('MARK')
    for (const item of items) item()
    return this.op('TUPLE')
  }

  ints(values: readonly number[]): this {
    return this.tuple(...values.map((value) => () => this.int(value)))
  }

  storage(key: string, elements: number, type = 'FloatStorage', device = 'cpu'): this {
    this.tuple(
      () => this.text('storage'),
      () => this.global('torch', type),
      () => this.text(key),
      () => this.text(device),
      () => this.int(elements),
    )
    return this.op('BINPERSID')
  }

  tensor(elements: number, shape: readonly number[], stride: readonly number[], offset = 0, key = '0'): this {
    this.global('torch._utils', '_rebuild_tensor_v2').tuple(
      () => this.storage(key, elements),
      () => this.int(offset),
      () => this.ints(shape),
      () => this.ints(stride),
      () => this.op('NEWFALSE'),
      () => this.global('collections', 'OrderedDict').op('EMPTY_TUPLE').op('REDUCE'),
    )
    return this.op('REDUCE')
  }

  stop(): Uint8Array {
    return this.op('STOP').bytes()
  }
}

/** A zip file of these records, as PyTorch would lay it out. */
export function writeZip(
  file: string,
  records: Readonly<Record<string, Uint8Array>>,
  zip64?: { bytes: number; records: number },
): string {
  const fd = openSync(file, 'w')
  const zip = new ZipWriter(fd, zip64)
  for (const [name, bytes] of Object.entries(records))
    zip.add(`archive/${name}`, bytes.length, (write) => write(bytes))
  zip.finish()
  closeSync(fd)
  return file
}

/** A file of the legacy format with these storages behind its pickle. */
export function writeLegacy(
  file: string,
  pickle: Uint8Array,
  storages: Readonly<Record<string, [elements: number, bytes: Uint8Array]>>,
): string {
  const magic = new HandPickle().op('LONG1').u8(10).raw(Buffer.from('6cfc9c46f9206aa85019', 'hex')).stop()
  const version = new HandPickle().int(1001).stop()
  const machine = new HandPickle().op('EMPTY_DICT').text('little_endian').op('NEWTRUE').op('SETITEM').stop()
  const keys = new HandPickle().op('EMPTY_LIST')
  for (const key of Object.keys(storages)) keys.text(key).op('APPEND')
  const out = new ByteWriter().raw(magic).raw(version).raw(machine).raw(pickle).raw(keys.stop())
  for (const [elements, bytes] of Object.values(storages)) out.u64(elements).raw(bytes)
  writeFileSync(file, out.bytes())
  return file
}
