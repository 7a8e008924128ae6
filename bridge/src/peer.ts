// One operation on one peer device's Signal session: everything libsignal reads and writes for it, gathered so that it
// can be recorded in one piece if the operation succeeds and forgotten if it does not.

import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord, type Bundle, type Session } from 'libsignal'
import protobufs from 'libsignal/src/protobufs.js'
import type { AuthenticationCreds, KeyPair } from '@whiskeysockets/baileys'
import { encode, type Store } from './keys.ts'
import type { Stored } from './journal.ts'

const PUBLIC_TYPE = Buffer.from([5])

// libsignal's builder queues by address too, and offers no way round but an address of its own for each.
let builders = 0

/** libsignal's cipher without its flaws. The caller holds the lock of the peer device. */
class Cipher extends SessionCipher {
  // libsignal queues by address alone, across all sessions of the process: one tenant would wait for another.
  override async queueJob<T>(job: () => Promise<T>): Promise<T> {
    return job()
  }

  // libsignal steps the ratchet before it verifies the MAC, also of those sessions of the record that the message is
  // not for, and then stores them so. Here each attempt works on a copy, and only the one that succeeds is kept.
  override async decryptWithSessions(data: Uint8Array, sessions: Session[]) {
    let failure: unknown = new Error('No sessions available')
    for (const session of sessions) {
      const copy = copyOf(session)
      try {
        const plaintext = await this.doDecryptWhisperMessage(data, copy)
        copy.indexInfo.used = Date.now()
        Object.assign(session, copy)
        if (!('pendingPreKey' in copy)) delete (session as { pendingPreKey?: unknown }).pendingPreKey
        return { session, plaintext }
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}

function copyOf(session: Session): Session {
  const Entry = session.constructor as unknown as { deserialize(data: unknown): Session }
  return Entry.deserialize(session.serialize())
}

export class PeerOperation {
  readonly #address: string
  readonly #creds: AuthenticationCreds
  readonly #store: Store
  readonly #changes = new Map<string, Stored>()
  #record: SessionRecord | null | undefined

  constructor(address: string, creds: AuthenticationCreds, store: Store) {
    this.#address = address
    this.#creds = creds
    this.#store = store
  }

  /** What the operation changed, to be recorded. */
  get changes(): Iterable<Stored> {
    return this.#changes.values()
  }

  async encrypt(data: Uint8Array): Promise<{ type: 'pkmsg' | 'msg'; ciphertext: Buffer }> {
    const { type, body } = await new Cipher(this, this.#protocolAddress()).encrypt(Buffer.from(data))
    return { type: type === 3 ? 'pkmsg' : 'msg', ciphertext: body }
  }

  async decrypt(type: 'pkmsg' | 'msg', ciphertext: Uint8Array): Promise<Buffer> {
    const body = Buffer.from(ciphertext)
    const cipher = new Cipher(this, this.#protocolAddress())
    if (type === 'msg') return cipher.decryptWhisperMessage(body)
    await this.#meet(protobufs.PreKeyWhisperMessage.decode(body.subarray(1)).identityKey)
    return cipher.decryptPreKeyWhisperMessage(body)
  }

  /** Begin a session from a bundle. libsignal refuses one whose signature is wrong (see curve.ts). */
  async begin(bundle: Bundle): Promise<void> {
    const address = this.#protocolAddress()
    const queue = `${++builders}`
    address.toString = () => queue
    await new SessionBuilder(this, address).initOutgoing(bundle)
  }

  async load(): Promise<SessionRecord | null> {
    if (this.#record === undefined) {
      const stored = await this.#store.read('session', this.#address)
      this.#record = stored === undefined ? null : SessionRecord.deserialize(stored)
    }
    return this.#record
  }

  replace(record: SessionRecord | null): void {
    this.#record = record
    this.#change('session', this.#address, record?.serialize() ?? null)
  }

  /** A peer whose identity changed starts anew: what its former keys agreed on is dropped, if the message is sound. */
  async #meet(identityKey: Uint8Array): Promise<void> {
    const known = (await this.#store.read('identity-key', this.#address)) as Uint8Array | undefined
    if (known !== undefined && Buffer.compare(known, identityKey) === 0) return
    if (known !== undefined) this.#record = null
    this.#change('identity-key', this.#address, identityKey)
  }

  #change(kind: string, key: string, value: unknown): void {
    this.#changes.set(`${kind}\0${key}`, encode(kind, key, value))
  }

  #protocolAddress(): ProtocolAddress {
    const [user = '', device = '0'] = this.#address.split('.')
    return new ProtocolAddress(user, Number(device))
  }

  // -- what libsignal calls its storage; the address it passes is always that of this operation ----------------------

  async loadSession(): Promise<SessionRecord | null> {
    return this.load()
  }

  async storeSession(_address: string, record: SessionRecord): Promise<void> {
    this.replace(record)
  }

  isTrustedIdentity(): boolean {
    return true
  }

  async loadPreKey(id: number | undefined): Promise<{ privKey: Buffer; pubKey: Buffer } | undefined> {
    if (!id) return undefined // a bundle without a one-time key; the protobuf's default is 0
    const pair = (await this.#store.read('pre-key', String(id))) as KeyPair | undefined
    return pair && { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) }
  }

  async removePreKey(id: number): Promise<void> {
    this.#change('pre-key', String(id), null)
  }

  /** Baileys never replaces its signed pre-key, but a session that came from the native engine may have former ones. */
  async loadSignedPreKey(id: number): Promise<{ privKey: Buffer; pubKey: Buffer }> {
    const { keyId, keyPair } = this.#creds.signedPreKey
    const former = id === keyId ? undefined : await this.#store.read('signed-pre-key', String(id))
    const pair = (former as KeyPair | undefined) ?? keyPair
    return { privKey: Buffer.from(pair.private), pubKey: Buffer.from(pair.public) }
  }

  getOurRegistrationId(): number {
    return this.#creds.registrationId
  }

  getOurIdentity(): { privKey: Buffer; pubKey: Buffer } {
    const pair = this.#creds.signedIdentityKey
    return { privKey: Buffer.from(pair.private), pubKey: Buffer.concat([PUBLIC_TYPE, pair.public]) }
  }
}
