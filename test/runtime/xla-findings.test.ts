import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { rememberXla, xlaPays, type XlaSetting } from '../../src/runtime/xla-findings.js'

const cache = mkdtempSync(path.join(tmpdir(), 'fdm-xla-'))
afterAll(() => rmSync(cache, { recursive: true }))

const setting: XlaSetting = { device: 'a card', tensorflow: '2.21.0', precision: 'fp32' }

it('remembers the last finding of each setting', () => {
  expect(xlaPays(cache, setting)).toBe(false)
  rememberXla(cache, { ...setting, pays: true })
  rememberXla(cache, { ...setting, precision: 'bf16', pays: false })
  expect(xlaPays(cache, setting)).toBe(true)
  const others = [{ device: 'another' }, { tensorflow: '2.22.0' }, { precision: 'bf16' }] as const
  for (const change of others) expect(xlaPays(cache, { ...setting, ...change })).toBe(false)
  rememberXla(cache, { ...setting, pays: false })
  expect(xlaPays(cache, setting)).toBe(false)
})

it('knows nothing where the file cannot be read', () => {
  const folder = path.join(cache, 'another')
  mkdirSync(path.join(folder, 'xla-findings.json'), { recursive: true })
  expect(xlaPays(folder, setting)).toBe(false)
})

it('starts anew where the file is broken', () => {
  for (const text of ['{', '7', '[null, {"device": "a card"}]']) {
    writeFileSync(path.join(cache, 'xla-findings.json'), text)
    expect(xlaPays(cache, setting)).toBe(false)
    rememberXla(cache, { ...setting, pays: true })
    expect(xlaPays(cache, setting)).toBe(true)
  }
})
