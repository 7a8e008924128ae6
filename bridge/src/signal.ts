// The Signal repository that Baileys is given in place of its own.
//
// Baileys' own reads and writes through two layers that race (encrypting under one key, decrypting under another, both
// on one record), so any store that is not instantaneous corrupts two-way traffic. Here there is one lock per peer
// device, whichever of its addresses an operation was called with, and one per group; each operation records its whole
// change in the journal in one piece before it returns.

import type {
  AuthenticationCreds,
  LIDMapping,
  SignalKeyStoreWithTransaction,
  SignalRepositoryWithLIDStore
} from '@whiskeysockets/baileys'
import { isLidUser, isPnUser, jidDecode, transferDevice } from '@whiskeysockets/baileys'
import type { Bundle, SessionRecord } from 'libsignal'
import { addressOf } from './addresses.ts'
import type { Inbound } from './inbound.ts'
import type { Journal } from './journal.ts'
import type { Store } from './keys.ts'
import { lidMapping } from './lid.ts'
import { Locks } from './locks.ts'
import { PeerOperation } from './peer.ts'
import { SenderKeyOperation } from './senderkeys.ts'

export interface Parts {
  creds: AuthenticationCreds
  keys: SignalKeyStoreWithTransaction
  store: Store
  journal: Journal
  inbound: Inbound
  askServer: (phoneJids: string[]) => Promise<LIDMapping[] | undefined>
}

type DeviceList = string[] | undefined

export function signalRepository(parts: Parts): SignalRepositoryWithLIDStore {
  const { creds, store, journal, inbound } = parts
  const lids = lidMapping(parts.keys, parts.askServer)
  const locks = new Locks()

  // Resolved before the lock is taken: it may ask the server.
  const peerOf = async (jid: string): Promise<string> => {
    const lid = isPnUser(jid) ? await lids.getLIDForPN(jid) : null
    return addressOf(lid ?? jid)
  }

  const onPeer = async <T>(jid: string, work: (operation: PeerOperation) => Promise<T>): Promise<T> => {
    const address = await peerOf(jid)
    return locks.run(address, () => work(new PeerOperation(address, creds, store)))
  }

  const onSenderKey = async <T>(
    group: string,
    jid: string,
    work: (operation: SenderKeyOperation) => Promise<T>
  ): Promise<T> => locks.run(group, () => work(new SenderKeyOperation(group, addressOf(jid), store)))

  const open = async (jid: string): Promise<SessionRecord | null> => {
    const record = await onPeer(jid, operation => operation.load())
    return record?.haveOpenSession() === true ? record : null
  }

  return {
    lidMapping: lids,

    async decryptMessage({ jid, type, ciphertext }) {
      return onPeer(jid, operation =>
        inbound.decrypted(ciphertext, async () => ({
          plaintext: await operation.decrypt(type, ciphertext),
          changes: operation.changes
        }))
      )
    },

    async decryptGroupMessage({ group, authorJid, msg }) {
      return onSenderKey(group, authorJid, operation =>
        inbound.decrypted(msg, async () => ({
          plaintext: await operation.decrypt(msg),
          changes: operation.changes
        }))
      )
    },

    async processSenderKeyDistributionMessage({ item, authorJid }) {
      const announcement = item.axolotlSenderKeyDistributionMessage
      if (!item.groupId || !announcement) throw new Error('a sender key must name its group')
      await onSenderKey(item.groupId, authorJid, async operation => {
        await operation.learn(announcement)
        journal.put(operation.changes)
      })
    },

    async encryptMessage({ jid, data }) {
      return onPeer(jid, async operation => {
        const encrypted = await operation.encrypt(data)
        journal.put(operation.changes, 'encrypted')
        return encrypted
      })
    },

    async encryptGroupMessage({ group, meId, data }) {
      return onSenderKey(group, meId, async operation => {
        const senderKeyDistributionMessage = await operation.announce()
        const ciphertext = await operation.encrypt(data)
        journal.put(operation.changes, 'encrypted')
        return { ciphertext, senderKeyDistributionMessage }
      })
    },

    async getSenderKeyDistributionMessage({ group, meId }) {
      return onSenderKey(group, meId, async operation => {
        const announcement = await operation.announce()
        journal.put(operation.changes)
        return announcement
      })
    },

    async hasSenderKey({ group, meId }) {
      return onSenderKey(group, meId, operation => operation.exists())
    },

    async injectE2ESession({ jid, session }) {
      await onPeer(jid, async operation => {
        try {
          await operation.begin(session as Bundle)
        } catch {
          // A bundle that is forged or malformed: this device is left out, the others are not its hostages.
          return
        }
        journal.put(operation.changes)
      })
    },

    async getSessionInfo(jid) {
      const session = (await open(jid))?.getOpenSession()
      return session
        ? { baseKey: new Uint8Array(session.indexInfo.baseKey), registrationId: session.registrationId }
        : null
    },

    async validateSession(jid) {
      return (await open(jid)) ? { exists: true } : { exists: false, reason: 'no open session' }
    },

    async deleteSession(jids) {
      for (const jid of jids) {
        await onPeer(jid, async operation => {
          operation.replace(null)
          journal.put(operation.changes)
        })
      }
    },

    jidToSignalProtocolAddress: addressOf,

    /** Move the sessions made under a phone number to its LID, once that is known. */
    async migrateSession(fromJid, toJid) {
      const from = jidDecode(fromJid)
      if (!from || !isPnUser(fromJid) || !isLidUser(toJid)) return { migrated: 0, skipped: 0, total: 0 }
      const devices = new Set((await store.read('device-list', from.user)) as DeviceList)
      devices.add(String(from.device ?? 0))
      let migrated = 0
      for (const device of devices) {
        const phone = device === '0' ? `${from.user}@s.whatsapp.net` : `${from.user}:${device}@s.whatsapp.net`
        const moved = await moveSession(addressOf(phone), addressOf(transferDevice(phone, toJid)))
        migrated += Number(moved)
      }
      return { migrated, skipped: devices.size - migrated, total: devices.size }
    },

    close: () => lids.close()
  }

  async function moveSession(fromAddress: string, toAddress: string): Promise<boolean> {
    return locks.run(fromAddress, async () => {
      const source = new PeerOperation(fromAddress, creds, store)
      const old = await source.load()
      if (old === null) return false
      return locks.run(toAddress, async () => {
        const target = new PeerOperation(toAddress, creds, store)
        const record = await target.load()
        if (record === null) {
          target.replace(old)
        } else {
          // Both exist: the newer one stays in charge, the older ones still read what is under way.
          for (const session of old.getSessions()) {
            if (!old.isClosed(session)) old.closeSession(session)
            record.setSession(session)
          }
          record.removeOldSessions()
          target.replace(record)
        }
        source.replace(null)
        journal.put([...target.changes, ...source.changes])
        return true
      })
    })
  }
}
