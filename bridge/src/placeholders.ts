// Messages that only our phone has. Baileys asks the phone for them; the host has no message but what is in its inbox,
// so the answer is put there, in the place of the message that it answers for.

import { jidDecode, proto, type BinaryNode } from '@whiskeysockets/baileys'

/** Messages whose fate is remembered: longer than Baileys waits for an answer, and a bound for a flood. */
const REMEMBERED = 256

type Fate = 'lacking' | 'arrived' | 'given'

interface Remembered {
  attrs: BinaryNode['attrs']
  fate: Fate
}

export interface Given {
  node: BinaryNode
  plaintext: Uint8Array
}

export class Placeholders {
  readonly #known = new Map<string, Remembered>()

  /** A message came that could not be read, or with nothing in it. */
  lacks({ attrs }: BinaryNode): void {
    if (!this.#known.has(attrs['id'] ?? '')) this.#remember(attrs, 'lacking')
  }

  /** A message was read; whether it is news. */
  arrived({ attrs }: BinaryNode): boolean {
    const known = this.#known.get(attrs['id'] ?? '')
    if (known === undefined || senderOf(known.attrs) !== senderOf(attrs)) return true
    if (known.fate === 'lacking') known.fate = 'arrived'
    return known.fate !== 'given'
  }

  /** The messages that a plaintext from our phone gives, those left out that have come meanwhile. */
  given(plaintext: Uint8Array): Given[] {
    const answer = proto.Message.decode(plaintext).protocolMessage?.peerDataOperationRequestResponseMessage
    const given: Given[] = []
    for (const { placeholderMessageResendResponse: resent } of answer?.peerDataOperationResult ?? []) {
      if (!resent?.webMessageInfoBytes) continue
      const stored = proto.WebMessageInfo.decode(resent.webMessageInfoBytes)
      const known = this.#known.get(stored.key?.id ?? '')
      if (!stored.key?.id || !stored.message || (known !== undefined && known.fate !== 'lacking')) continue
      const attrs = { ...(known?.attrs ?? attrsOf(stored)) }
      const seconds = Number(stored.messageTimestamp ?? 0)
      if (seconds > 0) attrs['t'] = String(seconds)
      this.#remember(attrs, 'given')
      const chat = attrs['recipient']
      const message =
        stored.key.fromMe === true && chat !== undefined
          ? { deviceSentMessage: { destinationJid: chat, message: stored.message } }
          : stored.message
      given.push({ node: { tag: 'message', attrs }, plaintext: proto.Message.encode(message).finish() })
    }
    return given
  }

  #remember(attrs: BinaryNode['attrs'], fate: Fate): void {
    this.#known.set(attrs['id'] ?? '', { attrs, fate })
    const [oldest] = this.#known.keys()
    if (this.#known.size > REMEMBERED && oldest !== undefined) this.#known.delete(oldest)
  }
}

function senderOf(attrs: BinaryNode['attrs']): string | undefined {
  return jidDecode(attrs['participant'] ?? attrs['from'])?.user
}

/** The stanza that a message came in, as far as the phone tells: we asked before a restart. */
function attrsOf({ key, participant, pushName }: proto.WebMessageInfo): BinaryNode['attrs'] {
  const author = key?.participant ?? participant
  const attrs: BinaryNode['attrs'] = { id: key?.id ?? '', from: key?.remoteJid ?? '', type: 'text' }
  if (author) attrs['participant'] = author
  if (pushName) attrs['notify'] = pushName
  return attrs
}
