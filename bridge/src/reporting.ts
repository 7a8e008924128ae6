// Baileys 7.0.0-rc14 makes the reporting token of the padded message, which is a token of nothing: mostly it finds no
// fields in it and makes none, and for two lengths of padding in sixteen a wrong one. The bundle takes this in its place.

import {
  getMessageReportingToken as tokenOf,
  shouldIncludeReportingToken
} from '@whiskeysockets/baileys/lib/Utils/reporting-utils.js'
import { unpadRandomMax16, type BinaryNode, type proto, type WAMessageKey } from '@whiskeysockets/baileys'

export { shouldIncludeReportingToken }

export async function getMessageReportingToken(
  padded: Uint8Array,
  message: proto.IMessage,
  key: WAMessageKey
): Promise<BinaryNode | null> {
  return tokenOf(Buffer.from(unpadRandomMax16(padded)), message, key)
}
