// Bounded memory. Baileys' own caches are bounded only by time, so each of them is replaced by one of these.

/** The most recently used `max` entries; with `ttlMs`, none older than that. */
export class Lru<V> {
  readonly #entries = new Map<string, { value: V; until: number }>()
  readonly #max: number
  readonly #ttlMs: number

  constructor(max: number, ttlMs = Number.POSITIVE_INFINITY) {
    this.#max = max
    this.#ttlMs = ttlMs
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.until < Date.now()) return undefined
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, until: Date.now() + this.#ttlMs })
    if (this.#entries.size > this.#max) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}

/** What Baileys' cache options want: a node-cache look-alike over {@link Lru}. */
export class BaileysCache {
  readonly #lru: Lru<unknown>

  constructor(max: number, ttlMs: number) {
    this.#lru = new Lru(max, ttlMs)
  }

  get<T>(key: string): T | undefined {
    return this.#lru.get(key) as T | undefined
  }

  set<T>(key: string, value: T): boolean {
    this.#lru.set(key, value)
    return true
  }

  del(key: string): void {
    this.#lru.delete(key)
  }

  flushAll(): void {
    this.#lru.clear()
  }

  async mget<T>(keys: string[]): Promise<Record<string, T | undefined>> {
    return Object.fromEntries(keys.map(key => [key, this.get<T>(key)]))
  }

  mset<T>(entries: { key: string; value: T }[]): boolean {
    for (const { key, value } of entries) this.set(key, value)
    return true
  }
}
