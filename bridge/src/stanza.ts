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

/** As it is written: Baileys leaves attributes out that are undefined, and writes numbers as texts. */
export function clean(node: BinaryNode): BinaryNode {
  const given = Object.entries(node.attrs ?? {}).filter(([, value]) => value !== undefined && value !== null)
  const attrs = Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
  const { tag, content } = node
  if (content === undefined) return { tag, attrs }
  return { tag, attrs, content: Array.isArray(content) ? content.map(clean) : content }
}
