/** A convolution with batch normalisation and ReLU. Sizes are (T, H, W). */
export interface Unit {
  /** As in PyTorch's state dict. */
  readonly name: string
  readonly size: readonly [number, number, number]
  readonly channelsIn: number
  readonly channelsOut: number
}

/** How wide the branches of an inception block are; branches 1 and 2 have two units. */
export interface Mixed {
  readonly name: string
  readonly channelsIn: number
  readonly b0: number
  readonly b1: readonly [number, number]
  readonly b2: readonly [number, number]
  readonly b3: number
}

const mixed = (
  name: string,
  channelsIn: number,
  ...[b0, b1a, b1b, b2a, b2b, b3]: [number, number, number, number, number, number]
): Mixed => ({ name, channelsIn, b0, b1: [b1a, b1b], b2: [b2a, b2b], b3 })

/** I3D (Carreira & Zisserman 2017): Inception-v1 with a time axis. */
export const STAGE_3 = [
  mixed('Mixed_3b', 192, 64, 96, 128, 16, 32, 32),
  mixed('Mixed_3c', 256, 128, 128, 192, 32, 96, 64),
]
export const STAGE_4 = [
  mixed('Mixed_4b', 480, 192, 96, 208, 16, 48, 64),
  mixed('Mixed_4c', 512, 160, 112, 224, 24, 64, 64),
  mixed('Mixed_4d', 512, 128, 128, 256, 24, 64, 64),
  mixed('Mixed_4e', 512, 112, 144, 288, 32, 64, 64),
  mixed('Mixed_4f', 528, 256, 160, 320, 32, 128, 128),
]
export const STAGE_5 = [
  mixed('Mixed_5b', 832, 256, 160, 320, 32, 128, 128),
  mixed('Mixed_5c', 832, 384, 192, 384, 48, 128, 128),
]

/** The last layer's outputs: the classes of Kinetics-400. */
export const CLASSES = 400
export const LAST_CHANNELS = 1024

/** Every unit, in the order of the network. */
export function i3dUnits(): readonly Unit[] {
  const unit = (name: string, length: number, channelsIn: number, channelsOut: number): Unit => ({
    name,
    size: [length, length, length],
    channelsIn,
    channelsOut,
  })
  return [
    unit('Conv3d_1a_7x7', 7, 3, 64),
    unit('Conv3d_2b_1x1', 1, 64, 64),
    unit('Conv3d_2c_3x3', 3, 64, 192),
    ...[...STAGE_3, ...STAGE_4, ...STAGE_5].flatMap(({ name, channelsIn, b0, b1, b2, b3 }) => [
      unit(`${name}.b0`, 1, channelsIn, b0),
      unit(`${name}.b1a`, 1, channelsIn, b1[0]),
      unit(`${name}.b1b`, 3, ...b1),
      unit(`${name}.b2a`, 1, channelsIn, b2[0]),
      unit(`${name}.b2b`, 3, ...b2),
      unit(`${name}.b3b`, 1, channelsIn, b3),
    ]),
  ]
}
