import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** A card as `nvidia-smi` knows it, by the names of its fields. */
export type ListedCard = Readonly<Record<'index' | 'uuid' | 'name' | 'memory.total' | 'memory.used', string>>

/** Two cards of different kinds, with MiB of memory. */
export const TWO_CARDS: readonly ListedCard[] = [
  { index: '0', uuid: 'GPU-11aa', name: 'NVIDIA H200', 'memory.total': '143771', 'memory.used': '500' },
  { index: '1', uuid: 'GPU-22bb', name: 'Tesla T4', 'memory.total': '15360', 'memory.used': '70' },
]

/** Puts an `nvidia-smi` first on the PATH, until the test is over, that lists these cards. */
export function pretendDriverTool(cards: readonly ListedCard[]): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'fdm-driver-'))
  const file = path.join(folder, 'nvidia-smi')
  const table = (...fields: readonly (keyof ListedCard)[]) =>
    cards.map((card) => `echo '${fields.map((field) => card[field]).join(', ')}'`).join('\n')
  const program = `#!/bin/sh
    case "$*" in
    *=index,uuid,name,memory.total\\ *) ${table('index', 'uuid', 'name', 'memory.total')};;
    *=index,uuid,memory.used\\ *) ${table('index', 'uuid', 'memory.used')};;
    *) exit 1;;
    esac
  `
  writeFileSync(file, program)
  chmodSync(file, 0o755)
  const before = process.env.PATH
  vi.stubEnv('PATH', `${folder}${path.delimiter}${before ?? ''}`)
  onTestFinished(() => {
    vi.stubEnv('PATH', before)
    rmSync(folder, { recursive: true })
  })
}
