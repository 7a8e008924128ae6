// Baileys' nodes and the stanzas of the channel.

import type { BinaryNode } from '@whiskeysockets/baileys'
import type { Stanza } from './protocol.gen.ts'

export function toStanza(node: BinaryNode): Stanza {
  const content = node.content
  if (typeof content === 'string') return [node.tag, node.attrs, Buffer.from(content)]
  return [node.tag, node.attrs, Array.isArray(content) ? content.map(toStanza) : (content ?? null)]
}

/** Only the outer element: what a message's row in the inbox keeps, its payload being stored decrypted. */
export function toEnvelope(node: BinaryNode): Stanza {
  return [node.tag, node.attrs, null]
}

export function toNode([tag, attrs, content]: Stanza): BinaryNode {
  if (content === null) return { tag, attrs }
  return { tag, attrs, content: Array.isArray(content) ? content.map(toNode) : content }
}
