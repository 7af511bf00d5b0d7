import { expect, it, onTestFinished, vi } from 'vitest'
import { graphicsCards, graphicsMemoryUsed } from '../../src/runtime/devices.js'
import { pretendDriverTool, TWO_CARDS } from '../helpers/driver-tool.js'

const MEBIBYTE = 2 ** 20
const H200 = { name: 'NVIDIA H200', type: 'gpu', memory: 143771 * MEBIBYTE }
const T4 = { name: 'Tesla T4', type: 'gpu', memory: 15360 * MEBIBYTE }

it('sees the cards that CUDA is let see, in its order', () => {
  pretendDriverTool(TWO_CARDS)
  expect(graphicsCards({})).toEqual([H200, T4])
  expect(graphicsCards({ CUDA_VISIBLE_DEVICES: 'GPU-2,0' })).toEqual([T4, H200])
  expect(graphicsCards({ CUDA_VISIBLE_DEVICES: '-1' })).toEqual([])
  expect(graphicsCards({ CUDA_VISIBLE_DEVICES: 'MIG-5c1e' })).toEqual([
    { name: 'a part of an NVIDIA GPU', type: 'gpu' },
  ])
})

it('counts the memory taken of these cards', () => {
  pretendDriverTool(TWO_CARDS)
  expect(graphicsMemoryUsed({})).toBe(570 * MEBIBYTE)
  expect(graphicsMemoryUsed({ CUDA_VISIBLE_DEVICES: '1' })).toBe(70 * MEBIBYTE)
  expect(graphicsMemoryUsed({ CUDA_VISIBLE_DEVICES: '-1' })).toBeUndefined()
  expect(graphicsMemoryUsed({ CUDA_VISIBLE_DEVICES: 'MIG-5c1e' })).toBeUndefined()
})

it('knows of cards whose memory the driver does not tell', () => {
  pretendDriverTool([
    { index: '0', uuid: 'GPU-1', name: 'NVIDIA GB10', 'memory.total': '[N/A]', 'memory.used': '[N/A]' },
  ])
  expect(graphicsCards({})).toEqual([{ name: 'NVIDIA GB10', type: 'gpu' }])
  expect(graphicsMemoryUsed({})).toBeUndefined()
})

it('knows of none where there is no driver', () => {
  vi.stubEnv('PATH', '')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect(graphicsMemoryUsed({})).toBeUndefined()
  expect(graphicsCards({ CUDA_VISIBLE_DEVICES: '0' })).toEqual([])
})
