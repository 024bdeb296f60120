import type { PackedRows } from './overlay/packed-rows.ts'

/** What the main thread asks of the writer; done in order, answered one by one. */
export type WriterRequest =
  /** These rows and this meta, in one synced transaction. */
  | {
      readonly type: 'commit'
      readonly id: number
      /** Of the keys as they are stored. */
      readonly prefix: Uint8Array
      readonly rows: readonly PackedRows[]
      readonly metaKey: Uint8Array
      readonly meta: Uint8Array
    }
  /** Removes up to `rowsMax` rows with `from` <= key < `to`; answers how many there were. */
  | {
      readonly type: 'remove-range'
      readonly id: number
      readonly from: Uint8Array
      readonly to: Uint8Array
      readonly rowsMax: number
    }
  | { readonly type: 'close' }

export interface WriterResponse {
  readonly id: number
  readonly removed: number
  readonly error: { readonly message: string; readonly code: unknown } | undefined
}

export interface WriterStart {
  readonly directory: string
}
