import { ProtobufWriter } from '../../protobuf/protobuf-writer.js'
import { mediaSize } from '../media-size.js'
import type { Media, Metrics } from '../tracker.js'

/** Field numbers of `event.proto` and `summary.proto`. */
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const
const VALUE = { tag: 1, simpleValue: 2, image: 4 } as const
const IMAGE = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const
const SESSION_START = 1
const RGB = 3

/** The first event of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return event(wallTime, 0, (message) => message.text(EVENT.fileVersion, 'brain.Event:2'))
}

/** Takes back what earlier files have of this step and those after it. */
export function restartEvent(wallTime: number, step: number): Uint8Array {
  return event(wallTime, step, (message) =>
    message.message(EVENT.sessionLog, (session) => session.integer(1, SESSION_START)),
  )
}

export function scalarsEvent(wallTime: number, step: number, metrics: Metrics): Uint8Array {
  return event(wallTime, step, (message) =>
    message.message(EVENT.summary, (summary) => {
      for (const [tag, value] of Object.entries(metrics))
        summary.message(1, (one) => one.text(VALUE.tag, tag).float(VALUE.simpleValue, value))
    }),
  )
}

/** TensorBoard hands a picture's file to the browser as it is: a GIF moves. */
export function imageEvent(wallTime: number, step: number, tag: string, media: Media): Uint8Array {
  const { width, height } = mediaSize(media)
  return event(wallTime, step, (message) =>
    message.message(EVENT.summary, (summary) =>
      summary.message(1, (one) =>
        one.text(VALUE.tag, tag).message(VALUE.image, (image) => {
          image.integer(IMAGE.height, height).integer(IMAGE.width, width).integer(IMAGE.colorspace, RGB)
          image.bytes(IMAGE.encoded, media.bytes)
        }),
      ),
    ),
  )
}

function event(wallTime: number, step: number, write: (message: ProtobufWriter) => unknown): Uint8Array {
  const message = new ProtobufWriter().double(EVENT.wallTime, wallTime).integer(EVENT.step, step)
  write(message)
  return message.finish()
}
