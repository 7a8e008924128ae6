// Baileys' LID mapping with a bound on what it remembers.

import type { SignalKeyStoreWithTransaction } from '@whiskeysockets/baileys'
import { LIDMappingStore } from '@whiskeysockets/baileys/lib/Signal/lid-mapping.js'
import { Lru } from './lru.ts'
import { silentLogger } from './quiet.ts'

const MAPPINGS = 2048

type AskServer = ConstructorParameters<typeof LIDMappingStore>[2]

export function lidMapping(keys: SignalKeyStoreWithTransaction, askServer: AskServer): LIDMappingStore {
  const store = new LIDMappingStore(keys, silentLogger, askServer)
  const cache: { mappingCache: Lru<string> } = store as never
  cache.mappingCache = new Lru<string>(MAPPINGS)
  return store
}
