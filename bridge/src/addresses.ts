// Signal addresses as Baileys forms them: `user.device`, with the domain as `user_1.device` for a LID.

import { jidDecode, WAJIDDomains } from '@whiskeysockets/baileys'

export function addressOf(jid: string): string {
  const decoded = jidDecode(jid)
  if (decoded === undefined || decoded.user === '') throw new Error('a JID without a user has no Signal address')
  const domain = decoded.domainType ?? WAJIDDomains.WHATSAPP
  const user = domain === WAJIDDomains.WHATSAPP ? decoded.user : `${decoded.user}_${domain}`
  return `${user}.${decoded.device ?? 0}`
}
