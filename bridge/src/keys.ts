// Baileys' key store over the journal and the host. Python owns the state: what is not pending here and not among the
// recently used is asked for. Values are MessagePack to the host's eye opaque.

import {
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStoreWithTransaction
} from '@whiskeysockets/baileys'
import { AsyncLocalStorage } from 'node:async_hooks'
import { Packr } from 'msgpackr'
import type { Journal, Stored } from './journal.ts'
import { Locks } from './locks.ts'
import { Lru } from './lru.ts'

const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true, variableMapSize: true })
const AppStateKey = proto.Message.AppStateSyncKeyData

/** Written once by the hundred and read once: never worth remembering. */
const NOT_REMEMBERED = new Set(['pre-key', 'creds'])

/** What all links together remember of stored values; one entry is about 1 KB. */
const REMEMBERED = 16_384

/**
 * Stored values used lately, by link, kind and key. They are kept as one-byte strings: a Buffer that small would keep
 * the pool it was cut from alive.
 */
export class Memory {
  readonly #lru = new Lru<string | null>(REMEMBERED)

  /** null: known not to be stored; undefined: not known */
  get(link: number, kind: string, key: string): Buffer | null | undefined {
    const text = this.#lru.get(`${link}\0${kind}\0${key}`)
    return typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  }

  keep(link: number, { kind, key, value }: Stored): void {
    if (NOT_REMEMBERED.has(kind)) return
    const text = value && Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
    this.#lru.set(`${link}\0${kind}\0${key}`, text)
  }
}

export const pack = (value: unknown): Uint8Array => packr.pack(value)
export const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes)

type LoadFromHost = (kind: string, keys: string[]) => Promise<Array<Uint8Array | null>>

/** One link's stored values. */
export class Store {
  readonly #link: number
  readonly #journal: Journal
  readonly #memory: Memory
  readonly #load: LoadFromHost

  constructor(link: number, journal: Journal, memory: Memory, load: LoadFromHost) {
    this.#link = link
    this.#journal = journal
    this.#memory = memory
    this.#load = load
  }

  async read(kind: string, key: string): Promise<unknown> {
    const [value] = await this.readAll(kind, [key])
    return value
  }

  /** The values, undefined where there is none. */
  async readAll(kind: string, keys: string[]): Promise<unknown[]> {
    const values = keys.map(key => this.#near(kind, key))
    const missing = keys.filter((_, at) => values[at] === undefined)
    if (missing.length > 0) {
      const loaded = await this.#load(kind, missing)
      for (const [at, key] of missing.entries()) {
        let value = this.#near(kind, key)
        if (value === undefined) {
          value = loaded[at] ?? null
          this.#memory.keep(this.#link, { kind, key, value })
        } // else something was recorded while the host looked, and that is newer
        values[keys.indexOf(key)] = value
      }
    }
    return values.map(value => (value == null ? undefined : decode(kind, value)))
  }

  #near(kind: string, key: string): Uint8Array | null | undefined {
    const pending = this.#journal.pending(kind, key)
    return pending === undefined ? this.#memory.get(this.#link, kind, key) : pending
  }
}

export function encode(kind: string, key: string, value: unknown): Stored {
  if (value === null || value === undefined) return { kind, key, value: null }
  if (kind === 'app-state-sync-key') {
    return { kind, key, value: AppStateKey.encode(value as proto.Message.IAppStateSyncKeyData).finish() }
  }
  return { kind, key, value: pack(value) }
}

function decode(kind: string, value: Uint8Array): unknown {
  return kind === 'app-state-sync-key' ? AppStateKey.decode(value) : unpack(value)
}

type Kind = keyof SignalDataTypeMap
type Values<K extends Kind> = Record<string, SignalDataTypeMap[K]>

interface Transaction {
  readonly values: Map<Kind, Map<string, unknown>>
  open: boolean
}

/**
 * What Baileys is given as its keys, transactions included. It replaces Baileys' own transactions: those lose what is
 * written after a transaction's end from a callback begun within it (every privacy token, so that one was issued anew
 * after each message).
 */
export function baileysKeys(
  store: Store,
  record: (changes: Stored[]) => void,
  creds: { nextPreKeyId: number },
  recordCreds: (nextPreKeyId: number) => Stored | undefined
): SignalKeyStoreWithTransaction {
  const current = new AsyncLocalStorage<Transaction>()
  const locks = new Locks()

  const running = (): Transaction | undefined => {
    const transaction = current.getStore()
    return transaction?.open === true ? transaction : undefined
  }

  const write = (data: Iterable<[Kind, Iterable<[string, unknown]>]>): void => {
    const changes: Stored[] = []
    for (const [kind, values] of data) {
      for (const [key, value] of values) changes.push(encode(kind, key, value))
      if (kind === 'pre-key') changes.push(...nextPreKeyId(values, creds.nextPreKeyId, recordCreds))
    }
    if (changes.length > 0) record(changes)
  }

  return {
    async get<K extends Kind>(kind: K, keys: string[]): Promise<Values<K>> {
      const overlay = running()?.values.get(kind)
      const missing = overlay === undefined ? keys : keys.filter(key => !overlay.has(key))
      const found: Record<string, unknown> = {}
      for (const [at, value] of (await store.readAll(kind, missing)).entries()) {
        const key = missing[at]
        if (key !== undefined && value !== undefined) found[key] = value
      }
      for (const key of keys) {
        const value = overlay?.get(key)
        if (value !== undefined && value !== null) found[key] = value
      }
      return found as Values<K>
    },

    async set(data: SignalDataSet): Promise<void> {
      const transaction = running()
      const kinds = Object.entries(data).map(([kind, values]): [Kind, [string, unknown][]] => [
        kind as Kind,
        Object.entries(values ?? {})
      ])
      if (transaction === undefined) {
        write(kinds)
        return
      }
      for (const [kind, values] of kinds) {
        const overlay = transaction.values.get(kind) ?? new Map<string, unknown>()
        for (const [key, value] of values) overlay.set(key, value)
        transaction.values.set(kind, overlay)
      }
    },

    isInTransaction: () => running() !== undefined,

    async transaction<T>(work: () => Promise<T>, key: string): Promise<T> {
      if (running() !== undefined) return work()
      return locks.run(key, async () => {
        const transaction: Transaction = { values: new Map(), open: true }
        try {
          const result = await current.run(transaction, work)
          write(transaction.values)
          return result
        } finally {
          transaction.open = false
        }
      })
    }
  }
}

/**
 * New pre-keys and the counter that names the next ones belong into one commit: Baileys stores the counter later, and
 * a crash in between would make it overwrite private keys whose public halves are already on the server.
 */
function nextPreKeyId(
  values: Iterable<[string, unknown]>,
  next: number,
  recordCreds: (nextPreKeyId: number) => Stored | undefined
): Stored[] {
  let highest = 0
  for (const [key, value] of values) if (value !== null) highest = Math.max(highest, Number(key))
  const stored = highest >= next ? recordCreds(highest + 1) : undefined
  return stored === undefined ? [] : [stored]
}
