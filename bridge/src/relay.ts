// Sending messages: in the order in which they were asked for, each settled by the server's acknowledgement.

import { proto, type BinaryNode, isJidGroup, isLidUser, isPnUser, jidDecode, jidNormalizedUser, type WASocket } from '@whiskeysockets/baileys'
import type { Channel } from './channel.ts'
import { editOf, metaOf } from './describe.ts'
import type { Journal } from './journal.ts'
import type { BaileysCache } from './lru.ts'
import type { Relay } from './protocol.gen.ts'
import { giveSecret } from './secret.ts'

/** Messages of one link that may be under way at a time; more wait their turn. */
const WINDOW = 128
/** As whatsmeow waits for an acknowledgement. */
const ACK_TIMEOUT_MS = 75_000

/** Asked who is in a group, the server says: we are not (403), there is none (404), there is none any more (410). */
const NO_SUCH_GROUP = new Set([403, 404, 410])

interface UnderWay {
  call: number
  since: number
}

/** The user has no devices: nobody would get the message. */
class NobodyThere extends Error {}

export class Outgoing {
  readonly #channel: Channel
  readonly #link: number
  readonly #journal: Journal
  readonly #devices: BaileysCache
  #sock: WASocket | undefined
  #queue: Relay[] = []
  /** Taken from the queue and not handed to Baileys yet. */
  #preparing: Relay | undefined
  #running = false
  #closed = false
  readonly #underWay = new Map<string, UnderWay>()

  constructor(channel: Channel, link: number, journal: Journal, devices: BaileysCache) {
    this.#journal = journal
    this.#channel = channel
    this.#link = link
    this.#devices = devices
  }

  /** We are logged in; messages may go. */
  attach(sock: WASocket): void {
    this.#sock = sock
  }

  push(relay: Relay): void {
    if (this.#closed) {
      this.#fail(relay.call, 'impossible', 0, 'the connection is closed')
      return
    }
    this.#queue.push(relay)
    void this.#run()
  }

  /** When the oldest message that has no answer yet was written. */
  get waitingSince(): number | undefined {
    const [oldest] = this.#underWay.values()
    return oldest?.since
  }

  /** The server's answer to a message. */
  acknowledged({ attrs }: BinaryNode): void {
    const id = attrs['id'] ?? ''
    const message = this.#underWay.get(id)
    if (message === undefined) return
    this.#underWay.delete(id)
    // The server counted other devices than we did: ask for them anew next time.
    if (attrs['phash'] !== undefined) this.#forgetDevices(attrs['from'])
    const error = Number(attrs['error'] ?? 0)
    if (error > 0) this.#fail(message.call, 'refused', error, '')
    else this.#channel.send({ t: 'Acked', link: this.#link, call: message.call, at: Number(attrs['t'] ?? 0) })
    void this.#run()
  }

  /** Give up on messages whose acknowledgement is overdue. */
  sweep(now: number): void {
    for (const [id, { call, since }] of this.#underWay) {
      if (now - since < ACK_TIMEOUT_MS) return
      this.#underWay.delete(id)
      this.#fail(call, 'unknown', 408, 'no acknowledgement in time')
    }
    void this.#run()
  }

  /** The connection is over: what was handed to Baileys may have left, what waited has not. */
  close(): void {
    this.#closed = true
    for (const { call } of this.#underWay.values()) this.#fail(call, 'unknown', 0, 'the connection closed')
    this.#underWay.clear()
    const waiting = this.#preparing === undefined ? this.#queue : [this.#preparing, ...this.#queue]
    this.#preparing = undefined
    this.#queue = []
    for (const { call } of waiting) this.#fail(call, 'impossible', 0, 'the connection closed')
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#underWay.size < WINDOW) {
        const relay = this.#queue.shift()
        if (relay === undefined) return
        await this.#send(relay)
      }
    } finally {
      this.#running = false
    }
  }

  async #send(relay: Relay): Promise<void> {
    const sock = this.#sock
    if (sock === undefined || this.#underWay.has(relay.messageId)) {
      this.#fail(relay.call, 'impossible', 0, sock ? 'this message is under way already' : 'not connected')
      return
    }
    const handed: UnderWay = { call: relay.call, since: 0 }
    this.#preparing = relay
    try {
      const content = proto.Message.decode(relay.message)
      await this.#findDevices(sock, relay)
      if (this.#closed) return
      this.#preparing = undefined
      handed.since = Date.now()
      this.#underWay.set(relay.messageId, handed)
      if (relay.attributes['category'] !== 'peer') giveSecret(content, sock.authState.creds, relay.messageId)
      const edit = editOf(content)
      await sock.relayMessage(relay.to, content, {
        messageId: relay.messageId,
        additionalAttributes: edit === '' ? relay.attributes : { edit, ...relay.attributes },
        additionalNodes: metaOf(content),
        // Our own devices show what we have posted (whatsmeow).
        statusJidList: [...relay.recipients, jidNormalizedUser(sock.authState.creds.me?.id)]
      })
      this.#journal.mark('written')
    } catch (error) {
      if (this.#closed) return // settled when it closed
      this.#preparing = undefined
      if (this.#underWay.get(relay.messageId) === handed) this.#underWay.delete(relay.messageId)
      // Nothing was written: Baileys writes the stanza last, and a write that waits for its commit does not throw.
      const code = answerCodeOf(error)
      const isFinal = isJidGroup(relay.to) && NO_SUCH_GROUP.has(code)
      const cause = error instanceof NobodyThere ? 'recipient' : isFinal ? 'refused' : 'impossible'
      this.#fail(relay.call, cause, code, reasonOf(error))
    }
  }

  /** Baileys would send to nobody without a word, so the recipient's devices are looked up first (and remembered). */
  async #findDevices(sock: WASocket, { to, attributes }: Relay): Promise<void> {
    const user = jidDecode(to)?.user
    const isPerson = isPnUser(to) || isLidUser(to)
    if (user === undefined) throw new NobodyThere('not an address')
    if (!isPerson || attributes['category'] === 'peer' || this.#devices.get(user) !== undefined) return
    const me = sock.authState.creds.me
    const own = isLidUser(to) ? me?.lid : me?.id
    const ownUser = jidDecode(own ?? '')?.user
    if (own === undefined || user === ownUser) return
    const isKnown = (device: { user: string }): boolean => device.user === user
    const ownAccount = `${ownUser}@${isLidUser(to) ? 'lid' : 's.whatsapp.net'}`
    if ((await sock.getUSyncDevices([ownAccount, to], true, false)).some(isKnown)) return
    // No devices: unknown to WhatsApp, or the question was not answered. Only the former is final.
    if (isPnUser(to)) {
      const answer = await sock.onWhatsApp(to)
      if (answer === undefined || answer.some(({ exists }) => Boolean(exists))) {
        throw new Error("the recipient's devices are not known")
      }
    }
    throw new NobodyThere('not on WhatsApp')
  }

  #forgetDevices(jid: string | undefined): void {
    if (jid === undefined || isJidGroup(jid)) return
    const users = [jidDecode(jid)?.user, jidDecode(this.#sock?.authState.creds.me?.id)?.user]
    for (const user of users) if (user !== undefined) this.#devices.del(user)
  }

  #fail(call: number, cause: string, code: number, detail: string): void {
    this.#channel.send({ t: 'NotSent', link: this.#link, call, cause, code, detail })
  }
}

/** The status code of a Boom, 0 for anything else. */
export function codeOf(error: unknown): number {
  const output = (error as { output?: { statusCode?: number } } | undefined)?.output
  return output?.statusCode ?? 0
}

/** WhatsApp's code in an error answer (Baileys keeps it as the Boom's data). */
export function answerCodeOf(error: unknown): number {
  const data = (error as { data?: unknown } | undefined)?.data
  return typeof data === 'number' ? data : codeOf(error)
}

export function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message.slice(0, 200)
  return typeof error === 'number' ? `the connection closed with ${error}` : ''
}
