// Made by scripts/gen_protocol.py from src/wagate/engine/protocol.py; edit that and run the script.

export const VERSION = 4
export const MAX_FRAME = 67108864

/** ``[tag, attributes, content]``. Text content travels as bytes. */
export type Stanza = [tag: string, attrs: Record<string, string>, content: Stanza[] | Uint8Array | null]

/** ``[kind, key, value]``: one stored value set, or deleted if ``value`` is null. */
export type Change = [kind: string, key: string, value: Uint8Array | null]

/**
 * ``[kind, waId, digest, stanza, plaintext, hidden]``: one row for the inbox.
 *
 * ``digest`` is the SHA-256 of the ciphertext (of the whole stanza for what comes in the clear), by which a
 * redelivery finds it. A hidden row is kept for redeliveries only and never handed on.
 */
export type Arrival = [kind: string, wa_id: string, digest: Uint8Array, stanza: Stanza, plaintext: Uint8Array, hidden: boolean]

/** ``[pn, lid]``: two JIDs of one account, without device. */
export type LidOfPn = [pn: string, lid: string]

/**
 * Connect. ``creds`` is what was last committed as kind ``creds``; null links a new device. ``proxy`` is the URL of
 * an HTTP proxy with its credential, or empty. With ``wire_log`` the bridge tells every stanza, both ways, as
 * ``Wire``.
 */
export interface Open {
  t: 'Open'
  link: number
  session: string
  epoch: number
  url: string
  rootKey: Uint8Array
  deviceName: string
  creds: Uint8Array | null
  proxy: string
  wireLog: boolean
}

/** End the connection and keep the link; ``Closed`` with 0 follows. */
export interface Close {
  t: 'Close'
  link: number
}

/** Unlink the device; ``Done``, then ``Closed`` with 401 follow. */
export interface Logout {
  t: 'Logout'
  link: number
  call: number
}

/** Link by code with the phone of that number; ``PairingCode`` or ``Failed`` follows. */
export interface AskPairingCode {
  t: 'AskPairingCode'
  link: number
  call: number
  phone: string
}

/** Which LIDs belong to which phone numbers; ``Done`` follows once that is committed. */
export interface LearnLids {
  t: 'LearnLids'
  link: number
  call: number
  pairs: LidOfPn[]
}

/** Encrypt and send a serialised ``Message``; ``Acked`` or ``NotSent`` follows. Kept in order within a link. */
export interface Relay {
  t: 'Relay'
  link: number
  call: number
  to: string
  message: Uint8Array
  messageId: string
  attributes: Record<string, string>
  recipients: string[]
}

/** Send an ``iq``; ``Answered`` or ``Failed`` follows. */
export interface Query {
  t: 'Query'
  link: number
  call: number
  node: Stanza
  timeoutMs: number
}

/** Send a stanza that has no answer; ``Done`` or ``Failed`` follows once it is written. */
export interface Send {
  t: 'Send'
  link: number
  call: number
  node: Stanza
}

/** The commit of that number is durable, or (``ok`` false) refused: then the link is over. */
export interface Committed {
  t: 'Committed'
  link: number
  commit: number
  ok: boolean
}

/** The values asked for by ``Load``, in the order of its keys. */
export interface Loaded {
  t: 'Loaded'
  link: number
  call: number
  values: Array<Uint8Array | null>
}

/** The plaintext asked for by ``Find``. */
export interface Found {
  t: 'Found'
  link: number
  call: number
  plaintext: Uint8Array | null
}

/** The serialised ``Message`` asked for by ``FetchSent``. */
export interface Sent {
  t: 'Sent'
  link: number
  call: number
  message: Uint8Array | null
}

/** The first frame of a bridge. */
export interface Ready {
  t: 'Ready'
  version: number
  pid: number
  baileys: string
  node: string
}

/** A code to show for ``lifetime_ms``. */
export interface Qr {
  t: 'Qr'
  link: number
  code: string
  lifetimeMs: number
}

/** A phone accepted the link and the keys are committed. */
export interface Paired {
  t: 'Paired'
  link: number
  jid: string
  lid: string
  pushName: string
}

/** Logged in. */
export interface Online {
  t: 'Online'
  link: number
  jid: string
  lid: string
  pushName: string
}

/** The connection is over and this is the link's last frame. ``retry_at`` is in seconds since 1970. */
export interface Closed {
  t: 'Closed'
  link: number
  code: number
  reason: string
  retryAt: number | null
}

/** The proxy gave no connection and answered with that HTTP status; ``Closed`` follows. */
export interface ProxyAnswered {
  t: 'ProxyAnswered'
  link: number
  status: number
}

/** Evidence of life: when the last frame came (seconds since 1970) and the last ping's round trip. */
export interface Pulse {
  t: 'Pulse'
  link: number
  lastFrameAt: number | null
  pingMs: number | null
}

/** Something worth a log line; ``what`` is a constant, ``detail`` carries no content and no keys. */
export interface Note {
  t: 'Note'
  link: number
  level: string
  what: string
  detail: string
}

/** A stanza that came, or that Baileys has ``sent``; it may still wait for a commit before it leaves. */
export interface Wire {
  t: 'Wire'
  link: number
  sent: boolean
  node: Stanza
}

/** WhatsApp's server acknowledged the relayed message at ``at`` (seconds since 1970). */
export interface Acked {
  t: 'Acked'
  link: number
  call: number
  at: number
}

/** The relayed message failed. ``cause`` is ``refused``, ``unknown``, ``impossible`` or ``recipient``. */
export interface NotSent {
  t: 'NotSent'
  link: number
  call: number
  cause: string
  code: number
  detail: string
}

/** The answer to a query. */
export interface Answered {
  t: 'Answered'
  link: number
  call: number
  node: Stanza
}

/** The code to type on the phone. */
export interface PairingCode {
  t: 'PairingCode'
  link: number
  call: number
  code: string
}

/** What was asked is done. */
export interface Done {
  t: 'Done'
  link: number
  call: number
}

/** What was asked failed with WhatsApp's ``code`` (408: no answer in time, 0: nothing of WhatsApp's). */
export interface Failed {
  t: 'Failed'
  link: number
  call: number
  code: number
  detail: string
}

/**
 * Make these changes and inbox rows durable, all or none, if ``epoch`` still rules; ``Committed`` answers.
 *
 * A link has one commit under way at a time, so a refused one is never followed by a later one.
 */
export interface Commit {
  t: 'Commit'
  link: number
  commit: number
  epoch: number
  changes: Change[]
  arrivals: Arrival[]
}

/** Which values are stored for these keys? ``Loaded`` answers. */
export interface Load {
  t: 'Load'
  link: number
  call: number
  kind: string
  keys: string[]
}

/** Which plaintext did the ciphertext with this SHA-256 have? ``Found`` answers. */
export interface Find {
  t: 'Find'
  link: number
  call: number
  digest: Uint8Array
}

/** A recipient asks again for a message of ours; ``Sent`` answers. */
export interface FetchSent {
  t: 'FetchSent'
  link: number
  call: number
  messageId: string
}

export type ToBridge =
  | Open
  | Close
  | Logout
  | AskPairingCode
  | LearnLids
  | Relay
  | Query
  | Send
  | Committed
  | Loaded
  | Found
  | Sent

export type FromBridge =
  | Ready
  | Qr
  | Paired
  | Online
  | Closed
  | ProxyAnswered
  | Pulse
  | Note
  | Wire
  | Acked
  | NotSent
  | Answered
  | PairingCode
  | Done
  | Failed
  | Commit
  | Load
  | Find
  | FetchSent
