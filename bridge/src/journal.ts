// Output commit: what a link changes is visible to itself at once, and to the world only once the host has stored it.
//
// Every crypto operation leaves its whole change here (ratchet, pre-key, identity, sender key, inbox row) in one
// synchronous piece. Changes travel to the host in commits, one under way at a time; what gathers meanwhile forms the
// next. Frames for WhatsApp pass through `whenDurable` and so wait for everything recorded before them: a message for
// its ratchet step, a receipt for its inbox row, a pre-key upload for the private keys. If the host refuses a commit,
// nothing that depended on it has left, and the link is over.

import type { Channel } from './channel.ts'
import { type FaultPoint, faultsArmed, reach } from './faults.ts'
import type { Arrival, Change } from './protocol.gen.ts'

export interface Stored {
  kind: string
  key: string
  /** null: deleted */
  value: Uint8Array | null
}

interface Batch {
  values: Map<string, Stored>
  arrivals: Arrival[]
  encrypted: boolean
  decrypted: boolean
}

const newBatch = (): Batch => ({ values: new Map(), arrivals: [], encrypted: false, decrypted: false })

const idOf = (kind: string, key: string): string => `${kind}\0${key}`

export class Refused extends Error {
  constructor() {
    super('the host refused a commit')
  }
}

export class Journal {
  readonly #channel: Channel
  readonly #link: number
  readonly #epoch: number
  readonly #onStored: (stored: Stored) => void
  readonly #onRefused: () => void

  #gathering = newBatch()
  #flying: Batch | undefined
  /** Number of the commit that what is gathered now will travel in. */
  #next = 1
  #durable = 0
  #scheduled = false
  #over = false
  /** Runs everything that one answer sets free; lets the frames among it go out in one piece. */
  inOnePiece: (run: () => void) => void = run => run()
  #waiting: { commit: number; run: () => void; refuse?: (error: Error) => void }[] = []

  constructor(
    channel: Channel,
    link: number,
    epoch: number,
    onStored: (stored: Stored) => void,
    onRefused: () => void
  ) {
    this.#channel = channel
    this.#link = link
    this.#epoch = epoch
    this.#onStored = onStored
    this.#onRefused = onRefused
  }

  /** Record values; all of one call are in one commit. */
  put(changes: Iterable<Stored>, origin?: 'encrypted' | 'decrypted'): void {
    if (this.#over) throw new Refused()
    for (const change of changes) this.#gathering.values.set(idOf(change.kind, change.key), change)
    if (origin !== undefined) {
      this.#gathering[origin] = true
      reach(origin)
    }
    this.#schedule()
  }

  /** Record an inbox row, in the same commit as what was put in the same turn. */
  arrive(arrival: Arrival): void {
    if (this.#over) throw new Refused()
    this.#gathering.arrivals.push(arrival)
    this.#schedule()
  }

  /** The value as far as it is not stored yet; undefined if nothing is pending for it. */
  pending(kind: string, key: string): Uint8Array | null | undefined {
    const id = idOf(kind, key)
    return (this.#gathering.values.get(id) ?? this.#flying?.values.get(id))?.value
  }

  /** The plaintext of a row that is not stored yet. */
  pendingPlaintext(digest: Uint8Array): Uint8Array | undefined {
    const same = (row: Arrival): boolean => Buffer.compare(row[2], digest) === 0
    return (this.#gathering.arrivals.find(same) ?? this.#flying?.arrivals.find(same))?.[4]
  }

  /** How much waits for the commit after the one under way. */
  get backlog(): number {
    return this.#gathering.values.size + this.#gathering.arrivals.length
  }

  /** Run once all that was recorded so far is durable, in the order of calls; never if it is refused. */
  whenDurable(run: () => void): void {
    if (this.#over) return
    const commit = this.#newest()
    if (commit <= this.#durable && this.#waiting.length === 0) run()
    else this.#waiting.push({ commit, run })
  }

  /** Resolves once all that was recorded so far is durable; rejects if it is refused. */
  async settled(): Promise<void> {
    if (this.#over) throw new Refused()
    await new Promise<void>((run, refuse) => {
      this.#waiting.push({ commit: this.#newest(), run, refuse })
      this.#release()
    })
  }

  /** For tests: reach `point` once all frames that are in line now have been written. */
  mark(point: FaultPoint): void {
    if (faultsArmed) this.settled().then(() => reach(point), () => undefined)
  }

  /** The host's answer to commit number `commit`. */
  answered(commit: number, ok: boolean): void {
    const flown = this.#flying
    if (flown === undefined || this.#over) return
    this.#flying = undefined
    if (!ok) {
      this.end()
      this.#onRefused()
      return
    }
    this.#durable = commit
    for (const stored of flown.values.values()) this.#onStored(stored)
    if (flown.encrypted) reach('committed')
    if (flown.decrypted) reach('stored')
    this.inOnePiece(() => this.#release())
    if (this.#gathering.values.size > 0 || this.#gathering.arrivals.length > 0) this.#commit()
  }

  /** Take nothing more and let nothing more out. */
  end(): void {
    this.#over = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const { refuse } of waiting) refuse?.(new Refused())
  }

  #newest(): number {
    const gathered = this.#gathering.values.size > 0 || this.#gathering.arrivals.length > 0
    return gathered ? this.#next : this.#next - 1
  }

  #schedule(): void {
    if (this.#scheduled || this.#flying !== undefined) return
    this.#scheduled = true
    // The copies of one message for several devices are encrypted within one turn of the loop and share a commit.
    setImmediate(() => {
      this.#scheduled = false
      if (this.#flying === undefined && !this.#over) this.#commit()
    })
  }

  #commit(): void {
    const batch = this.#gathering
    this.#flying = batch
    this.#gathering = newBatch()
    const changes: Change[] = []
    for (const { kind, key, value } of batch.values.values()) changes.push([kind, key, value])
    this.#channel.send({
      t: 'Commit',
      link: this.#link,
      commit: this.#next++,
      epoch: this.#epoch,
      changes,
      arrivals: batch.arrivals
    })
  }

  #release(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]
      if (first === undefined || first.commit > this.#durable) return
      this.#waiting.shift()
      first.run()
    }
  }
}
