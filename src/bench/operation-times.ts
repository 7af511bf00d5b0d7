import { Message } from '../protobuf/message.js'

/** All operations of one type in a profile. */
export interface OperationTime {
  /** TensorFlow's name of the type; that of the kernel for what a GPU did for no operation. */
  readonly type: string
  readonly count: number
  /** Milliseconds from beginning to end, added up; of threads and streams side by side, all. */
  readonly milliseconds: number
}

/** Numbers of the fields in TensorFlow's `xplane.proto`. */
const SPACE = { planes: 1 } as const
const PLANE = { name: 2, lines: 3, eventNames: 4, statNames: 5 } as const
const LINE = { events: 4 } as const
const EVENT = { name: 1, offset: 2, duration: 3, stats: 4 } as const
const STAT = { name: 1, text: 5, reference: 7 } as const
const ENTRY = { key: 1, value: 2 } as const
const METADATA = { name: 2 } as const

const PICOSECONDS = 1e9
/** What the stat is called that has a kernel's operation. */
const KERNEL_OPERATION = 'tf_op'
/** An operation is called by its node and its type. */
const OPERATION = /^[^:]+:([A-Za-z_]\w*)$/

/**
 * Adds up a profile by the type of operation, those that took longest first: of GPUs if they computed, else of
 * processors. What is computed within an operation counts for what is within alone.
 * @param space a serialised tensorflow.profiler.XSpace
 * @throws WireError if it is none.
 */
export function operationTimes(space: Uint8Array): readonly OperationTime[] {
  const planes = new Message(space).messages(SPACE.planes)
  const onGpus = planes.filter(isOfGpu).flatMap(gpuLines)
  const lines =
    onGpus.flat().length > 0 ? onGpus : planes.filter((plane) => !isOfGpu(plane)).flatMap(hostLines)
  const totals = new Map<string, { count: number; milliseconds: number }>()
  for (const { type, own } of lines.flatMap(withoutInner)) {
    const { count, milliseconds } = totals.get(type) ?? { count: 0, milliseconds: 0 }
    totals.set(type, { count: count + 1, milliseconds: milliseconds + own / PICOSECONDS })
  }
  return [...totals]
    .map(([type, total]) => ({ type, ...total }))
    .toSorted((a, b) => b.milliseconds - a.milliseconds)
}

const isOfGpu = (plane: Message) => plane.text(PLANE.name).startsWith('/device:GPU:')

/** What a thread or stream computed, in picoseconds. */
interface Timed {
  readonly type: string
  readonly begin: number
  readonly end: number
}

/** Operations by line. Threads do other things as well, which are left out. */
function hostLines(plane: Message): readonly (readonly Timed[])[] {
  const names = namesOf(plane, PLANE.eventNames)
  return linesOf(plane, (event) => OPERATION.exec(names.get(event.number(EVENT.name)) ?? '')?.[1])
}

/** Kernels by line, called by the operations that they compute something of. */
function gpuLines(plane: Message): readonly (readonly Timed[])[] {
  const names = namesOf(plane, PLANE.eventNames)
  const statNames = namesOf(plane, PLANE.statNames)
  return linesOf(plane, (event) => {
    const stat = event
      .messages(EVENT.stats)
      .find((one) => statNames.get(one.number(STAT.name)) === KERNEL_OPERATION)
    const node = stat?.has(STAT.reference)
      ? (statNames.get(stat.number(STAT.reference)) ?? '')
      : (stat?.text(STAT.text) ?? '')
    return OPERATION.exec(node)?.[1] ?? names.get(event.number(EVENT.name))
  })
}

function linesOf(
  plane: Message,
  typeOf: (event: Message) => string | undefined,
): readonly (readonly Timed[])[] {
  return plane.messages(PLANE.lines).map((line) =>
    line.messages(LINE.events).flatMap((event) => {
      const type = typeOf(event)
      const begin = event.number(EVENT.offset)
      return type === undefined ? [] : [{ type, begin, end: begin + event.number(EVENT.duration) }]
    }),
  )
}

/** A map of numbers to what is called by a name. */
function namesOf(plane: Message, field: number): ReadonlyMap<number, string> {
  return new Map(
    plane
      .messages(field)
      .map((entry) => [entry.number(ENTRY.key), entry.message(ENTRY.value).text(METADATA.name)]),
  )
}

/** How long each lasts, without those within it. */
function withoutInner(events: readonly Timed[]): readonly { readonly type: string; readonly own: number }[] {
  const open: { readonly end: number; own: number }[] = []
  return events
    .toSorted((a, b) => a.begin - b.begin || b.end - a.end)
    .map(({ type, begin, end }) => {
      while ((open.at(-1)?.end ?? Infinity) <= begin) open.pop()
      const outer = open.at(-1)
      if (outer) outer.own -= end - begin
      const event = { type, end, own: end - begin }
      open.push(event)
      return event
    })
}
