/** What a run tells when a disk does not take something, and when it does again. */
export type DiskNews =
  | {
      readonly kind: 'not saved'
      readonly step: number
      /** What went wrong, with the file's name. */
      readonly reason: string
      /** Seconds until it is tried again. */
      readonly wait: number
      /** Whether the run trains on until then. */
      readonly goesOn: boolean
    }
  | {
      readonly kind: 'saved again'
      readonly step: number
      /** How often it was tried in vain. */
      readonly failures: number
    }
  | {
      readonly kind: 'not written'
      /** Such as `the log`. */
      readonly what: string
      readonly reason: string
    }
  | {
      readonly kind: 'written again'
      readonly what: string
      /** How much of it was too much to be kept: lines, say. */
      readonly lost: number
    }
  | { readonly kind: 'not removed'; readonly reason: string }
