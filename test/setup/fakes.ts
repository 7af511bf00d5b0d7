import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-setup-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A program `name` in `folder`: the body of a Node script. */
export function writeProgram(folder: string, name: string, body: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, `#!${process.execPath}\n${body}\n`)
  chmodSync(file, 0o755)
  return file
}

/**
 * A `python3` whose pip "downloads" the given wheels, found by the name a requirement starts with, and
 * writes its arguments, one line a call, to calls.txt beside itself.
 */
export function writePip(folder: string, wheels: Readonly<Record<string, Buffer>>): void {
  for (const [name, wheel] of Object.entries(wheels)) writeFileSync(path.join(folder, `${name}.wheel`), wheel)
  writeProgram(
    folder,
    'python3',
    `const fs = require('node:fs')
     const args = process.argv.slice(2)
     if (args[0] !== '-m') process.exit(1)
     fs.appendFileSync(__dirname + '/calls.txt', args.join(' ') + '\\n')
     if (!args.includes('download')) process.exit(0)
     const dest = args[args.indexOf('--dest') + 1]
     const name = /^[\\w-]+/.exec(args.at(-1))[0]
     const wheel = __dirname + '/' + name + '.wheel'
     if (!fs.existsSync(wheel)) {
       console.error('ERROR: No matching distribution found for ' + args.at(-1))
       process.exit(1)
     }
     fs.copyFileSync(wheel, dest + '/' + name + '-1.0-py3-none-any.whl')`,
  )
}

/** A zip file of uncompressed entries. A name that ends in `*` is executable, without the star. */
export function zip(entries: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [key, text] of Object.entries(entries)) {
    const name = Buffer.from(key.replace(/\*$/, ''))
    const data = Buffer.from(text)
    const sizes = [crc32(data), data.length, data.length]
    const local = Buffer.concat([header(0x04034b50, [20, 0, 0, 0, 0], sizes, [name.length, 0]), name, data])
    const mode = (key.endsWith('*') ? 0o100755 : 0o100644) * 2 ** 16
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(mode, 6)
    tail.writeUInt32LE(offset, 10)
    const start = header(0x02014b50, [0x0314, 20, 0, 0, 0, 0], sizes, [name.length, 0])
    central.push(Buffer.concat([start, tail, name]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

/** A signature and little-endian fields of two, four and two bytes. */
function header(signature: number, first: number[], middle: number[], last: number[]): Buffer {
  const two = (values: number[]) => Buffer.from(Uint16Array.from(values).buffer)
  const four = (values: number[]) => Buffer.from(Uint32Array.from(values).buffer)
  return Buffer.concat([four([signature]), two(first), four(middle), two(last)])
}
