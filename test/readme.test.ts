import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

it("README's programs import what the package exports", () => {
  const lists = [...readme.matchAll(/import \{([^}]*)\} from 'flexible-video-diffusion'/g)]
  const names = lists.flatMap(([, list = '']) => list.split(',').map((name) => name.trim()))
  const values = names.filter((name) => name !== '' && !name.startsWith('type '))
  expect(values).toContain('sampleVideo')
  for (const name of values) expect(api).toHaveProperty(name)
})
