// wagate's bridge: Baileys behind a unix socket. Usage: node bridge.mjs <socket>

import { complain } from './quiet.ts'
import baileys from '@whiskeysockets/baileys/package.json' with { type: 'json' }
import { Channel } from './channel.ts'
import { installCurve } from './curve.ts'
import { installHmac } from './hmac.ts'
import { Memory } from './keys.ts'
import { type ToBridge, VERSION } from './protocol.gen.ts'
import { Link } from './session.ts'
import { installFetch } from './tunnel.ts'

const TICK_MS = 5_000

const path = process.argv[2]
if (path === undefined) {
  complain('usage: node bridge.mjs <socket>')
  process.exit(2)
}

installCurve()
installHmac()
installFetch()
// Baileys takes two stack traces for every frame it writes.
Error.stackTraceLimit = 2

const links = new Map<number, Link>()
const memory = new Memory()
const channel = new Channel(path, handle, () => process.exit(0))

// One link's failure is not its neighbours'. Baileys leaves promises to themselves here and there.
process.on('unhandledRejection', reason => note('unhandled rejection', reason))
process.on('uncaughtException', reason => note('uncaught exception', reason))

channel.send({ t: 'Ready', version: VERSION, pid: process.pid, baileys: baileys.version, node: process.version })

setInterval(() => {
  const now = Date.now()
  for (const link of links.values()) link.tick(now)
}, TICK_MS)

function handle(frame: ToBridge): void {
  if (frame.t === 'Open') {
    const link = new Link(frame, channel, memory, () => links.delete(frame.link))
    links.set(frame.link, link)
    link.connect()
    return
  }
  const link = links.get(frame.link)
  if (link === undefined) {
    refuse(frame)
    return
  }
  switch (frame.t) {
    case 'Committed':
      return link.committed(frame.commit, frame.ok)
    case 'Relay':
      return link.relay(frame)
    case 'Loaded':
      return link.answered(frame.call, frame.values)
    case 'Found':
      return link.answered(frame.call, frame.plaintext)
    case 'Sent':
      return link.answered(frame.call, frame.message)
    case 'Query':
      return void link.query(frame)
    case 'Send':
      return void link.send(frame)
    case 'LearnLids':
      return void link.learnLids(frame)
    case 'AskPairingCode':
      return void link.askPairingCode(frame.call, frame.phone)
    case 'Logout':
      return void link.logout(frame.call)
    case 'Close':
      return link.close()
  }
}

/** A call that crossed with the end of its link. */
function refuse(frame: ToBridge): void {
  const detail = 'the connection is closed'
  if (frame.t === 'Relay') {
    channel.send({ t: 'NotSent', link: frame.link, call: frame.call, cause: 'impossible', code: 0, detail })
  } else if (frame.t === 'Query' || frame.t === 'Send' || frame.t === 'AskPairingCode' || frame.t === 'LearnLids' || frame.t === 'Logout') {
    channel.send({ t: 'Failed', link: frame.link, call: frame.call, code: 428, detail })
  }
}

function note(what: string, reason: unknown): void {
  // Only where it came from: the message may quote a stanza.
  const stack = reason instanceof Error ? (reason.stack ?? '').split('\n').slice(1).join(' ').trim() : ''
  const detail = `${reason instanceof Error ? reason.name : typeof reason} ${stack}`.slice(0, 500)
  channel.send({ t: 'Note', link: 0, level: 'warning', what, detail })
}
