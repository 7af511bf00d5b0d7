import { UserError } from '../errors.js'

/**
 * The convolutions of AlexNet (Krizhevsky 2014, one tower): where they stand among torchvision's layers, the
 * shapes of their kernels (out, in, kh, kw), and whether the picture is pooled before: by `POOLING`.
 */
export const CONVOLUTIONS = [
  { layer: 0, shape: [64, 3, 11, 11], stride: 4, padding: 2, isPooled: false },
  { layer: 3, shape: [192, 64, 5, 5], stride: 1, padding: 2, isPooled: true },
  { layer: 6, shape: [384, 192, 3, 3], stride: 1, padding: 1, isPooled: true },
  { layer: 8, shape: [256, 384, 3, 3], stride: 1, padding: 1, isPooled: false },
  { layer: 10, shape: [256, 256, 3, 3], stride: 1, padding: 1, isPooled: false },
] as const

/** Width and stride of the largest value of neighbours, without padding. */
export const POOLING = { width: 3, stride: 2 } as const

/** Below, nothing is left of a picture after the second pooling. */
export const SMALLEST_LPIPS_FRAME = 31

export interface FrameSize {
  readonly height: number
  readonly width: number
}

/** @throws UserError if frames are too small for the network. */
export function requireLpipsSize({ height, width }: FrameSize): void {
  if (Math.min(height, width) < SMALLEST_LPIPS_FRAME)
    throw new UserError(
      `LPIPS takes frames of at least ${SMALLEST_LPIPS_FRAME} pixels a side, these have ${width}x${height}`,
    )
}

/**
 * How many numbers the LPIPS embedding of a frame has: all that the five layers see of it.
 * @throws UserError if frames are too small for the network.
 */
export function lpipsLength(size: FrameSize): number {
  requireLpipsSize(size)
  let { height, width } = size
  let length = 0
  for (const { shape, stride, padding, isPooled } of CONVOLUTIONS) {
    const [channels, , kernelHeight, kernelWidth] = shape
    if (isPooled) {
      height = places(height, POOLING.width, POOLING.stride)
      width = places(width, POOLING.width, POOLING.stride)
    }
    height = places(height + 2 * padding, kernelHeight, stride)
    width = places(width + 2 * padding, kernelWidth, stride)
    length += height * width * channels
  }
  return length
}

/** At how many places a window lies wholly within a side. */
const places = (side: number, window: number, stride: number) => Math.floor((side - window) / stride) + 1
