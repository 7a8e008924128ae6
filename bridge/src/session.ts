// One link: one connection of one device, from Open to Closed. It keeps no state beyond that, reconnects nothing and
// decides nothing.

import {
  type AuthenticationCreds,
  type BinaryNode,
  type ConnectionState,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  jidDecode,
  makeWASocket,
  proto,
  type SocketConfig,
  S_WHATSAPP_NET,
  WA_CERT_DETAILS,
  type WASocket
} from '@whiskeysockets/baileys'
import type { Agent } from 'node:https'
import type { Channel } from './channel.ts'
import { Inbound } from './inbound.ts'
import { Journal, type Stored } from './journal.ts'
import { baileysKeys, encode, type Memory, Store, unpack } from './keys.ts'
import { BaileysCache } from './lru.ts'
import { inOrder } from './order.ts'
import type { FetchSent, Find, LearnLids, Load, Open, Query, Relay, Send } from './protocol.gen.ts'
import { silentLogger, tellingLogger } from './quiet.ts'
import { answerCodeOf, codeOf, Outgoing, reasonOf } from './relay.ts'
import { giveSecret } from './secret.ts'
import { signalRepository } from './signal.ts'
import { clean, toNode, toStanza } from './stanza.ts'
import { Tunnel } from './tunnel.ts'
import { cut, holdBack, keepAppStateForHost, setReading } from './transport.ts'

const MINUTE = 60_000
/** How long WhatsApp honours the first and each later reference of a QR code. */
const FIRST_QR_MS = 60_000
const LATER_QR_MS = 20_000
/** The connection is given up because the host refused a commit: another owner rules, or its database is away. */
const COMMIT_REFUSED = 'commit_refused'
const CONNECTION_CLOSED = 428
const TIMED_OUT = 408
const LOGGED_OUT = 401
/** WhatsApp asks for the passkey of the account that scanned the code (whatsmeow, notification.go). */
const PASSKEY_WANTED = 'passkey_prologue_request'
/** Of the host's own disconnect codes. */
const PASSKEY_UNSUPPORTED = 5
/** A server that was asked something and has sent nothing at all for so long is gone (whatsmeow waits as long). */
const DEAF_MS = 10_000
/** So many times a recipient is given a message that it can't read, and asked for one that we can't (WhatsApp Web). */
const MAX_RETRIES = 5

/** Stanzas and changes that one link may have waiting in memory before it stops reading. */
const TOO_MUCH = 1_000

type Question = Omit<Load, 'link' | 'call'> | Omit<Find, 'link' | 'call'> | Omit<FetchSent, 'link' | 'call'>

export class Link {
  readonly #open: Open
  readonly #channel: Channel
  readonly #onGone: () => void
  readonly #creds: AuthenticationCreds
  readonly #journal: Journal
  readonly #store: Store
  readonly #inbound: Inbound
  readonly #outgoing: Outgoing
  /** Refreshed by notifications; the time limit is for those that were missed. */
  readonly #devices = new BaileysCache(4096, 60 * MINUTE)
  readonly #groups = new BaileysCache(32, 5 * MINUTE)
  readonly #answers = new Map<number, (answer: unknown) => void>()
  readonly #calls = new Set<number>()
  #questions = 0
  #sock: WASocket | undefined
  #qrs = 0
  #onQr: (() => void)[] = []
  /** Before that, Baileys would write what it is given as it is: in the clear, in the middle of the handshake. */
  #online = false
  #finished = false
  #line = { waiting: 0 }
  #reading = true
  #lastFrameAt: number | null = null
  #toldFrameAt: number | null = null
  #ping: { id: string; at: number } | undefined
  /** When something was first asked since the last frame came. */
  #askedAt: number | undefined
  #seemedDeaf = false
  #pingMs: number | null = null

  constructor(open: Open, channel: Channel, memory: Memory, onGone: () => void) {
    this.#open = open
    this.#channel = channel
    this.#onGone = onGone
    this.#creds = open.creds === null ? initAuthCreds() : (unpack(open.creds) as AuthenticationCreds)
    const keep = (stored: Stored): void => memory.keep(open.link, stored)
    this.#journal = new Journal(channel, open.link, open.epoch, keep, () => this.#refused())
    const load = (kind: string, keys: string[]) => this.#ask({ t: 'Load', kind, keys }) as Promise<(Buffer | null)[]>
    this.#store = new Store(open.link, this.#journal, memory, load)
    const find = (digest: Uint8Array) => this.#ask({ t: 'Find', digest }) as Promise<Uint8Array | null>
    const isOwnPhone = (jid: string): boolean => {
      const { me } = this.#creds
      const [sender, ...own] = [jid, me?.id, me?.lid].map(one => jidDecode(one))
      return !sender?.device && own.some(one => one?.user === sender?.user)
    }
    this.#inbound = new Inbound(this.#journal, find, isOwnPhone)
    this.#outgoing = new Outgoing(channel, open.link, this.#journal, this.#devices)
  }

  connect(): void {
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(this.#open.rootKey)
    const keys = baileysKeys(
      this.#store,
      changes => this.#journal.put(changes),
      this.#creds,
      nextPreKeyId => this.#credsToStore({ nextPreKeyId })
    )
    const sock = makeWASocket({
      ...DEFAULT_CONNECTION_CONFIG,
      ...this.#way(),
      auth: { creds: this.#creds, keys },
      logger: this.#open.wireLog ? tellingLogger(node => this.#tell(true, node)) : silentLogger,
      waWebSocketUrl: this.#open.url,
      browser: [this.#open.deviceName, 'Chrome', ''],
      // Baileys gives a silent line up at the second ping after the last frame: a dead one is found within 30 s.
      keepAliveIntervalMs: 15_000,
      syncFullHistory: false,
      // The host reads history itself, from the message that announces it; and nothing waits 20 s for it.
      shouldSyncHistoryMessage: () => false,
      // It would hold up every other message of this link.
      retryRequestDelayMs: 0,
      // Baileys counts each message that it sends again twice.
      maxMsgRetryCount: 2 * MAX_RETRIES,
      getMessage: async ({ id }) => this.#sentMessage(id ?? ''),
      cachedGroupMetadata: async jid => this.#groupMetadata(jid),
      userDevicesCache: this.#devices,
      msgRetryCounterCache: new BaileysCache(1024, 60 * MINUTE),
      placeholderResendCache: new BaileysCache(256, 60 * MINUTE),
      callOfferCache: new BaileysCache(64, 5 * MINUTE),
      makeSignalRepository: (_auth, _logger, askServer) =>
        signalRepository({
          creds: this.#creds,
          keys,
          store: this.#store,
          journal: this.#journal,
          inbound: this.#inbound,
          askServer: askServer ?? (async () => undefined)
        })
    })
    this.#sock = sock
    // Baileys has wrapped the keys in its own transactions, and reads the functions from this object at every call.
    Object.assign(sock.authState.keys, keys)
    holdBack(sock, this.#journal)
    keepAppStateForHost(sock)
    this.#line = inOrder(sock, () => {
      this.#journal.mark('receipted')
      this.#readOn()
    })
    if (sock.messageRetryManager) {
      // It keeps the last 512 messages; the host has them all.
      sock.messageRetryManager.addRecentMessage = () => undefined
      sock.messageRetryManager.getRecentMessage = () => undefined
      Object.assign(sock.messageRetryManager, { maxMsgRetryCount: MAX_RETRIES })
    }
    this.#listen(sock)
  }

  /** What Baileys is told about the session's proxy, for its WebSocket and for what it fetches. */
  #way(): Partial<SocketConfig> {
    const { proxy, url, link } = this.#open
    if (proxy === '') return {}
    const tunnel = new Tunnel(proxy, status => this.#channel.send({ t: 'ProxyAnswered', link, status }))
    return { agent: tunnel.agentFor(url) as Agent, options: { dispatcher: tunnel } as object }
  }

  // -- what the host asks for ---------------------------------------------------------------------------------------

  relay(relay: Relay): void {
    this.#outgoing.push(relay)
  }

  async query({ call, node, timeoutMs }: Query): Promise<void> {
    await this.#answering(call, async sock => {
      const stanza = toNode(node)
      delete stanza.attrs['id']
      const answer = (await sock.query(stanza, timeoutMs)) as BinaryNode | undefined
      if (answer === undefined) this.#fail(call, TIMED_OUT, 'no answer in time')
      else this.#channel.send({ t: 'Answered', link: this.#open.link, call, node: toStanza(answer) })
    })
  }

  async send({ call, node }: Send): Promise<void> {
    await this.#answering(call, async sock => {
      await sock.sendNode(toNode(node))
      await this.#journal.settled()
      this.#done(call)
    })
  }

  async learnLids({ call, pairs }: LearnLids): Promise<void> {
    await this.#answering(call, async sock => {
      const repository = sock.signalRepository
      await repository.lidMapping.storeLIDPNMappings(pairs.map(([pn, lid]) => ({ pn, lid })))
      // Only who was written to under the number has a session that could move.
      for (const [pn, lid] of pairs) await repository.migrateSession(pn, lid)
      await this.#journal.settled()
      this.#done(call)
    })
  }

  async askPairingCode(call: number, phone: string): Promise<void> {
    const work = async (sock: WASocket): Promise<void> => {
      // The server takes the request once it has offered references.
      if (this.#qrs === 0) await new Promise<void>(resolve => this.#onQr.push(resolve))
      const code = await sock.requestPairingCode(phone)
      this.#channel.send({ t: 'PairingCode', link: this.#open.link, call, code })
    }
    await this.#answering(call, work, true)
  }

  async logout(call: number): Promise<void> {
    await this.#answering(call, async sock => {
      const jid = this.#creds.me?.id ?? ''
      const removal = { tag: 'remove-companion-device', attrs: { jid, reason: 'user_initiated' } }
      const attrs = { to: S_WHATSAPP_NET, type: 'set', id: sock.generateMessageTag(), xmlns: 'md' }
      await sock.sendNode({ tag: 'iq', attrs, content: [removal] })
      // Baileys' own logout closes at once, with the request perhaps still in line behind a commit.
      await this.#journal.settled()
      this.#done(call)
      await sock.end(withStatus(LOGGED_OUT, 'logged out'))
    })
  }

  close(): void {
    if (this.#sock === undefined) void this.#finish(0, 'closed', null)
    else void this.#sock.end(undefined)
  }

  committed(commit: number, ok: boolean): void {
    this.#journal.answered(commit, ok)
    this.#readOn()
  }

  answered(question: number, answer: unknown): void {
    const resolve = this.#answers.get(question)
    this.#answers.delete(question)
    resolve?.(answer)
  }

  /** Called every few seconds. */
  tick(now: number): void {
    this.#outgoing.sweep(now)
    const deaf = this.#isDeaf(now)
    // Not at first sight: if it was this process that stood still, what came meanwhile is read before the next tick.
    if (deaf && this.#seemedDeaf) this.#giveUp()
    this.#seemedDeaf = deaf
    this.#pulse()
  }

  // -- what Baileys says ----------------------------------------------------------------------------------------------

  #listen(sock: WASocket): void {
    sock.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
      if (!(frame instanceof Uint8Array)) this.#observe(frame)
    })
    sock.ws.on('CB:ack,class:message', (node: BinaryNode) => this.#outgoing.acknowledged(node))
    sock.ws.on('CB:success', (node: BinaryNode) => this.#learnName(sock, node.attrs['display_name']))
    const on = sock.ws.on.bind(sock.ws)
    sock.ws.on = (event, listener) => {
      if (typeof event === 'string' && event.startsWith('TAG:')) {
        this.#ping = { id: event.slice(4), at: Date.now() }
        this.#askedAt ??= this.#ping.at
      }
      return on(event, listener)
    }
    sock.ev.on('creds.update', update => {
      const stored = this.#credsToStore({})
      if (stored !== undefined) this.#journal.put([stored])
      if (update.myAppStateKeyId !== undefined) this.#fetchName(sock)
    })
    sock.ev.on('connection.update', update => this.#connectionChanged(sock, update))
  }

  #tell(sent: boolean, node: BinaryNode): void {
    try {
      this.#channel.send({ t: 'Wire', link: this.#open.link, sent, node: toStanza(clean(node)) })
    } catch {
      // What can't be shown must still be sent, and taken.
    }
  }

  #observe(node: BinaryNode): void {
    if (this.#open.wireLog) this.#tell(false, node)
    this.#lastFrameAt = Date.now()
    this.#askedAt = undefined
    const { id, type, from } = node.attrs
    if (this.#ping !== undefined && id === this.#ping.id) {
      this.#pingMs = this.#lastFrameAt - this.#ping.at
      this.#ping = undefined
    }
    if (node.tag === 'notification' && type === 'w:gp2' && from !== undefined) this.#groups.del(from)
    if (node.tag === 'notification' && type === PASSKEY_WANTED && !this.#creds.account) {
      // Baileys knows nothing of it, and its codes would run out with nobody knowing why.
      void this.#sock?.end(withStatus(PASSKEY_UNSUPPORTED, 'passkey_unsupported'))
    }
    this.#inbound.observe(node)
    if (this.#reading && this.#backlog() > TOO_MUCH && this.#sock !== undefined) {
      this.#reading = false
      setReading(this.#sock, false)
    }
  }

  /** Evidence of life, when there is new one. */
  #pulse(): void {
    if (this.#lastFrameAt === null || this.#lastFrameAt === this.#toldFrameAt) return
    this.#toldFrameAt = this.#lastFrameAt
    const lastFrameAt = this.#lastFrameAt / 1000
    this.#channel.send({ t: 'Pulse', link: this.#open.link, lastFrameAt, pingMs: this.#pingMs })
  }

  #backlog(): number {
    return this.#journal.backlog + this.#line.waiting
  }

  #readOn(): void {
    if (this.#reading || this.#backlog() > TOO_MUCH / 2 || this.#sock === undefined) return
    this.#reading = true
    setReading(this.#sock, true)
  }

  #isDeaf(now: number): boolean {
    const asked = Math.min(this.#askedAt ?? Infinity, this.#outgoing.waitingSince ?? Infinity)
    return this.#reading && asked > (this.#lastFrameAt ?? 0) && now - asked > DEAF_MS
  }

  #giveUp(): void {
    // While codes are shown, 408 would say that nobody scanned them.
    const statusCode = this.#creds.account ? TIMED_OUT : CONNECTION_CLOSED
    void this.#sock?.end(withStatus(statusCode, 'no answer'))
  }

  #connectionChanged(sock: WASocket, { qr, isNewLogin, connection, lastDisconnect }: Partial<ConnectionState>): void {
    const link = this.#open.link
    if (qr !== undefined) {
      const lifetimeMs = this.#qrs++ === 0 ? FIRST_QR_MS : LATER_QR_MS
      this.#channel.send({ t: 'Qr', link, code: qr, lifetimeMs })
      const waiting = this.#onQr
      this.#onQr = []
      for (const resume of waiting) resume()
    }
    if (isNewLogin === true) {
      this.#journal.whenDurable(() => this.#channel.send({ t: 'Paired', link, ...this.#identity() }))
    }
    if (connection === 'open') {
      this.#online = true
      this.#outgoing.attach(sock)
      this.#channel.send({ t: 'Online', link, ...this.#identity() })
      this.#fetchName(sock)
    }
    if (connection === 'close') {
      const error = lastDisconnect?.error
      const { reason, retryAt } = describe(error)
      void this.#finish(error === undefined ? 0 : codeOf(error) || CONNECTION_CLOSED, reason, retryAt)
    }
  }

  #learnName(sock: WASocket, name: string | undefined): void {
    const me = this.#creds.me
    if (name && me && !me.name) sock.ev.emit('creds.update', { me: { ...me, name } })
  }

  /** Our own name is in the app state; without one Baileys never says that it is available. */
  #fetchName(sock: WASocket): void {
    if (this.#creds.me?.name || this.#creds.myAppStateKeyId === undefined) return
    sock
      .resyncAppState(['critical_block'], false)
      .then(() => sock.sendPresenceUpdate('available'))
      .catch(() => undefined)
  }

  #identity(): { jid: string; lid: string; pushName: string } {
    const me = this.#creds.me
    return { jid: me?.id ?? '', lid: me?.lid ?? '', pushName: me?.name ?? '' }
  }

  /** Nothing is kept of a device that no phone has accepted. */
  #credsToStore(changes: Partial<AuthenticationCreds>): Stored | undefined {
    return this.#creds.account ? encode('creds', '', { ...this.#creds, ...changes }) : undefined
  }

  async #sentMessage(id: string): Promise<proto.IMessage | undefined> {
    const message = (await this.#ask({ t: 'FetchSent', messageId: id })) as Uint8Array | null
    if (message === null) return undefined
    const content = proto.Message.decode(message)
    giveSecret(content, this.#creds, id)
    return content
  }

  async #groupMetadata(jid: string) {
    type Metadata = Awaited<ReturnType<WASocket['groupMetadata']>>
    const known = this.#groups.get<Metadata>(jid) ?? (await this.#sock?.groupMetadata(jid))
    if (known !== undefined) this.#groups.set(jid, known)
    return known
  }

  // -- plumbing ---------------------------------------------------------------------------------------------------------

  #ask(question: Question): Promise<unknown> {
    const call = ++this.#questions
    return new Promise(resolve => {
      this.#answers.set(call, resolve)
      this.#channel.send({ ...question, link: this.#open.link, call })
    })
  }

  /** Run `work` for a call of the host; whatever happens, the call is answered once. */
  async #answering(call: number, work: (sock: WASocket) => Promise<void>, ready = this.#online): Promise<void> {
    if (this.#sock === undefined || this.#finished || !ready) {
      this.#fail(call, CONNECTION_CLOSED, 'not connected', true)
      return
    }
    this.#calls.add(call)
    try {
      await work(this.#sock)
    } catch (error) {
      this.#fail(call, answerCodeOf(error), reasonOf(error))
    } finally {
      this.#calls.delete(call)
    }
  }

  #done(call: number): void {
    if (!this.#finished) this.#channel.send({ t: 'Done', link: this.#open.link, call })
  }

  #fail(call: number, code: number, detail: string, always = false): void {
    if (always || !this.#finished) this.#channel.send({ t: 'Failed', link: this.#open.link, call, code, detail })
  }

  #refused(): void {
    if (this.#sock !== undefined) cut(this.#sock)
    void this.#finish(CONNECTION_CLOSED, COMMIT_REFUSED, null)
  }

  async #finish(code: number, reason: string, retryAt: number | null): Promise<void> {
    if (this.#finished) return
    this.#outgoing.close()
    for (const call of this.#calls) this.#fail(call, CONNECTION_CLOSED, 'the connection closed')
    this.#finished = true
    this.#calls.clear()
    // What was recorded is right whether or not anybody will hear of it: the pairing, for one, before its 515.
    await this.#journal.settled().catch(() => undefined)
    this.#journal.end()
    this.#answers.clear()
    void this.#sock?.end(undefined)
    this.#channel.send({ t: 'Closed', link: this.#open.link, code, reason, retryAt })
    this.#onGone()
  }
}

/** An error that ends a connection with that code, as Baileys' own do. */
function withStatus(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { output: { statusCode } })
}

/** WhatsApp's own words for why, as far as it says; `expire` is how many seconds a ban lasts. */
function describe(error: Error | undefined): { reason: string; retryAt: number | null } {
  if (error === undefined) return { reason: 'closed', retryAt: null }
  const data = (error as { data?: { attrs?: Record<string, string>; expire?: string; tag?: string } }).data
  const expire = Number(data?.expire ?? data?.attrs?.['expire'] ?? 0)
  const reason = data?.attrs?.['type'] ?? reasonOf(error)
  return { reason, retryAt: expire > 0 ? Date.now() / 1000 + expire : null }
}
