// One operation on one sender's key in one group, gathered as in peer.ts.

import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js'
import { SenderKeyName } from '@whiskeysockets/baileys/lib/Signal/Group/sender-key-name.js'
import { SenderKeyRecord } from '@whiskeysockets/baileys/lib/Signal/Group/sender-key-record.js'
import { encode, type Store } from './keys.ts'
import type { Stored } from './journal.ts'

export class SenderKeyOperation {
  readonly #name: SenderKeyName
  readonly #store: Store
  #record: SenderKeyRecord | undefined
  #changed = false

  constructor(group: string, address: string, store: Store) {
    const [id = '', deviceId = '0'] = address.split('.')
    this.#name = new SenderKeyName(group, { id, deviceId: Number(deviceId) } as never)
    this.#store = store
  }

  get changes(): Stored[] {
    return this.#changed ? [encode('sender-key', this.#name.toString(), this.#record?.serialize() ?? null)] : []
  }

  async exists(): Promise<boolean> {
    return !(await this.loadSenderKey()).isEmpty()
  }

  /** Our key for the group, made if there is none, as the message that tells others. */
  async announce(): Promise<Uint8Array> {
    return (await new GroupSessionBuilder(this as never).create(this.#name)).serialize()
  }

  async encrypt(data: Uint8Array): Promise<Uint8Array> {
    return new GroupCipher(this as never, this.#name).encrypt(data)
  }

  async decrypt(message: Uint8Array): Promise<Uint8Array> {
    return new GroupCipher(this as never, this.#name).decrypt(message)
  }

  /** Take over a key that its owner announced, unless it is known: an announcement may come again much later. */
  async learn(announcement: Uint8Array): Promise<void> {
    const message = new SenderKeyDistributionMessage(null, null, null, null, announcement)
    const known = (await this.loadSenderKey()).getSenderKeyState(message.getId())
    const sameOwner =
      known !== undefined && Buffer.compare(known.getSigningKeyPublic(), Buffer.from(message.getSignatureKey())) === 0
    if (sameOwner && known.getSenderChainKey().getIteration() >= message.getIteration()) return
    await new GroupSessionBuilder(this as never).process(this.#name, message)
  }

  // -- what Baileys calls its sender key store -----------------------------------------------------------------------

  async loadSenderKey(): Promise<SenderKeyRecord> {
    if (this.#record === undefined) {
      const stored = (await this.#store.read('sender-key', this.#name.toString())) as never
      this.#record = new SenderKeyRecord(stored)
    }
    return this.#record
  }

  async storeSenderKey(_name: SenderKeyName, record: SenderKeyRecord): Promise<void> {
    this.#record = record
    this.#changed = true
  }
}
