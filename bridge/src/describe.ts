// What a message stanza says about its message. Baileys derives this from what its own senders are given, which the
// host goes round: it hands over finished messages.

import { normalizeMessageContent, proto, type BinaryNode } from '@whiskeysockets/baileys'

const PROTOCOL = proto.Message.ProtocolMessage.Type
const EDITED = '1'
const PINNED = '2'
const REVOKED_BY_SENDER = '7'
const REVOKED_BY_ADMIN = '8'

/** The `edit`: what it does to another message, empty if it does nothing to one (whatsmeow and Baileys agree). */
export function editOf(message: proto.IMessage): string {
  const inner = normalizeMessageContent(message)
  const action = inner?.protocolMessage
  if (action?.key) {
    if (action.type === PROTOCOL.REVOKE) return action.key.fromMe === true ? REVOKED_BY_SENDER : REVOKED_BY_ADMIN
    if (action.type === PROTOCOL.MESSAGE_EDIT) return EDITED
  }
  if (inner?.reactionMessage && !inner.reactionMessage.text) return REVOKED_BY_SENDER
  const keeping = inner?.keepInChatMessage
  if (keeping?.key?.fromMe === true && keeping.keepType === proto.KeepType.UNDO_KEEP_FOR_ALL) return REVOKED_BY_SENDER
  return inner?.pinInChatMessage ? PINNED : ''
}

/** `<meta>`, which polls and events have. */
export function metaOf(message: proto.IMessage): BinaryNode[] {
  const inner = normalizeMessageContent(message)
  if (inner?.pollCreationMessage ?? inner?.pollCreationMessageV2 ?? inner?.pollCreationMessageV3) {
    return [{ tag: 'meta', attrs: { polltype: 'creation' } }]
  }
  if (inner?.pollUpdateMessage) return [{ tag: 'meta', attrs: { polltype: 'vote' } }]
  return inner?.eventMessage ? [{ tag: 'meta', attrs: { event_type: 'creation' } }] : []
}
