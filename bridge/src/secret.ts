// The secret that each message of ours carries, which Baileys' own senders put in and the host's messages lack.

import { hkdfSync } from 'node:crypto'
import { proto, type AuthenticationCreds } from '@whiskeysockets/baileys'
import { shouldIncludeReportingToken } from './reporting.ts'

const BYTES = 32

/** It follows from the device's key and the id, so that a message has the same one whenever it is sent again. */
export function giveSecret(message: proto.IMessage, creds: AuthenticationCreds, id: string): void {
  if (!shouldIncludeReportingToken(message) || message.messageContextInfo?.messageSecret?.length) return
  const key = creds.signedIdentityKey.private
  const secret = hkdfSync('sha256', key, Buffer.alloc(BYTES), `wagate message secret ${id}`, BYTES)
  message.messageContextInfo = { ...message.messageContextInfo, messageSecret: new Uint8Array(secret) }
}
