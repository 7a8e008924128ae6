// What arrives goes into the inbox, in the commit that makes its consequences durable and before anything about it
// leaves: a message with the ratchet step that decrypted it, a receipt, notification or call as it comes in.

import { createHash } from 'node:crypto'
import type { BinaryNode } from '@whiskeysockets/baileys'
import { unpadRandomMax16 } from '@whiskeysockets/baileys'
import type { Journal, Stored } from './journal.ts'
import { Placeholders } from './placeholders.ts'
import { onlyDistributesKeys } from './plaintext.ts'
import { toEnvelope, toStanza } from './stanza.ts'

const EMPTY = new Uint8Array()
/** A padding of one byte, as Baileys expects to take one off. */
const PADDING = Buffer.from([1])

/** Notifications that are between the server and this device's keys; but that a contact has new ones is told. */
const INTERNAL_NOTIFICATIONS = new Set(['encrypt', 'link_code_companion_reg', 'privacy_token'])

type FindPlaintext = (digest: Uint8Array) => Promise<Uint8Array | null>

interface Decrypted {
  plaintext: Uint8Array
  changes: Iterable<Stored>
}

export class Inbound {
  readonly #journal: Journal
  readonly #find: FindPlaintext
  /** Which stanza a ciphertext came in: Baileys hands the ciphertext on as the very same object. */
  readonly #stanzas = new WeakMap<Uint8Array, BinaryNode>()
  readonly #placeholders = new Placeholders()
  readonly #isOwnPhone: (jid: string) => boolean

  constructor(journal: Journal, find: FindPlaintext, isOwnPhone: (jid: string) => boolean) {
    this.#isOwnPhone = isOwnPhone
    this.#journal = journal
    this.#find = find
  }

  /** Called with every stanza before Baileys handles it. */
  observe(node: BinaryNode): void {
    if (node.tag === 'message') {
      this.#observeMessage(node)
    } else if (node.tag === 'receipt') {
      // A retry asks us to encrypt again, which the bridge does.
      if (node.attrs['type'] !== 'retry') this.#arriveWhole('receipt', node)
    } else if (node.tag === 'notification') {
      const isTold = !INTERNAL_NOTIFICATIONS.has(node.attrs['type'] ?? '') || hasChild(node, 'identity')
      if (isTold) this.#arriveWhole('notification', node)
    } else if (node.tag === 'call') {
      this.#arriveWhole('call', node)
    }
  }

  /**
   * The plaintext of `ciphertext` by way of `decrypt`, recorded together with what decrypting changed. A ciphertext
   * that was decrypted before, by this process or a former one, is answered from the inbox.
   */
  async decrypted(ciphertext: Uint8Array, decrypt: () => Promise<Decrypted>): Promise<Uint8Array> {
    const digest = createHash('sha256').update(ciphertext).digest()
    const node = this.#stanzas.get(ciphertext) ?? { tag: 'message', attrs: {} }
    const waId = node.attrs['id'] ?? ''
    let result: Decrypted
    try {
      result = await decrypt()
    } catch (error) {
      const known = this.#journal.pendingPlaintext(digest) ?? (await this.#find(digest))
      if (known !== null) return Buffer.concat([known, PADDING])
      // Not under the ciphertext's own digest: the same one may become readable, once a sender key has come.
      this.#journal.arrive(['undecryptable', waId, digestOf(node), toEnvelope(node), EMPTY, false])
      this.#placeholders.lacks(node)
      throw error
    }
    const plaintext = unpadRandomMax16(result.plaintext)
    // What the phone has given already is only kept to answer a redelivery.
    const isHidden = onlyDistributesKeys(plaintext) || !this.#placeholders.arrived(node)
    this.#journal.arrive(['message', waId, digest, toEnvelope(node), plaintext, isHidden])
    if (node.attrs['category'] === 'peer' && this.#isOwnPhone(node.attrs['from'] ?? '')) this.#takeGiven(plaintext)
    this.#journal.put(result.changes, 'decrypted')
    return result.plaintext
  }

  #observeMessage(node: BinaryNode): void {
    let readable = false
    for (const child of Array.isArray(node.content) ? node.content : []) {
      if (!(child.content instanceof Uint8Array)) continue
      if (child.tag === 'enc') this.#stanzas.set(child.content, node)
      if (child.tag === 'plaintext') {
        this.#journal.arrive(['message', node.attrs['id'] ?? '', digestOf(node), toEnvelope(node), child.content, false])
      }
      readable ||= child.tag === 'enc' || child.tag === 'plaintext'
    }
    if (!readable) {
      this.#journal.arrive(['undecryptable', node.attrs['id'] ?? '', digestOf(node), toStanza(node), EMPTY, false])
      this.#placeholders.lacks(node)
    }
  }

  #takeGiven(plaintext: Uint8Array): void {
    for (const { node, plaintext: message } of this.#placeholders.given(plaintext)) {
      const { id = '', from = '', participant = from } = node.attrs
      const digest = createHash('sha256').update(`from our phone\0${participant}\0${id}`).digest()
      this.#journal.arrive(['message', id, digest, toEnvelope(node), message, false])
    }
  }

  #arriveWhole(kind: string, node: BinaryNode): void {
    this.#journal.arrive([kind, node.attrs['id'] ?? '', digestOf(node), toStanza(node), EMPTY, false])
  }
}

function hasChild({ content }: BinaryNode, tag: string): boolean {
  return Array.isArray(content) && content.some(child => child.tag === tag)
}

/** Tells stanzas in the clear apart; a redelivered one differs at most in its `offline` mark. */
function digestOf(node: BinaryNode): Uint8Array {
  const { offline: _, ...attrs } = node.attrs
  const hash = createHash('sha256')
  const sorted = Object.entries(attrs).sort(([a], [b]) => (a < b ? -1 : 1))
  hash.update(JSON.stringify([node.tag, sorted, node.content], (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value))
  return hash.digest()
}
