// What is changed about Baileys' WebSocket, once it exists.

import { buildAckStanza } from '@whiskeysockets/baileys/lib/Utils/stanza-ack.js'
import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'
import type { Journal } from './journal.ts'

/** After a stream error it is the client that closes; a server that does not answer gets this long. */
const CLOSE_GRACE_MS = 2_000

/** The parts of `ws`' WebSocket that are used. */
interface RawSocket {
  readyState: number
  send(data: Uint8Array, callback?: (error?: Error) => void): void
  close(): void
  terminate(): void
  pause(): void
  resume(): void
  once(event: 'close', listener: () => void): void
  /** Below WebSocket; absent until connected. */
  _socket?: { cork(): void; uncork(): void }
}

interface Client {
  socket: RawSocket | null
  close(): Promise<void>
  emit(event: string, ...args: unknown[]): boolean
}

const OPEN = 1

/** Hold each frame back until all that was recorded before it is durable. */
export function holdBack(sock: WASocket, journal: Journal): void {
  const client = sock.ws as unknown as Client
  const socket = client.socket
  if (socket === null) throw new Error('Baileys has not begun to connect')
  const send = socket.send.bind(socket)
  socket.send = (data, callback) => {
    journal.whenDurable(() => {
      if (socket.readyState === OPEN) send(data)
    })
    // To Baileys a frame in line is a frame sent: their order is fixed, and it goes on with the next meanwhile.
    callback?.()
  }
  journal.inOnePiece = run => {
    const below = socket._socket
    below?.cork()
    run()
    below?.uncork()
  }
  client.close = () =>
    new Promise(resolve => {
      const giveUp = setTimeout(() => {
        socket.terminate()
        resolve()
      }, CLOSE_GRACE_MS)
      socket.once('close', () => {
        clearTimeout(giveUp)
        resolve()
      })
      socket.close()
    })
}

/** Stop reading, or go on: what is not read, WhatsApp's server keeps. */
export function setReading(sock: WASocket, on: boolean): void {
  const client = sock.ws as unknown as Client
  if (on) client.socket?.resume()
  else client.socket?.pause()
}

/** End the connection at once, letting nothing more out. */
export function cut(sock: WASocket): void {
  const client = sock.ws as unknown as Client
  client.socket?.terminate()
}

/**
 * App state is read by the host; Baileys would fetch and decode every collection that changes. It is left the one
 * collection that holds our own name, without which it does not announce itself.
 */
export function keepAppStateForHost(sock: WASocket): void {
  const client = sock.ws as unknown as Client
  const emit = client.emit.bind(client)
  client.emit = (event, ...args) => {
    const node = args[0] as BinaryNode
    if (event !== 'CB:notification' || node.attrs['type'] !== 'server_sync' || concernsOwnName(node)) {
      return emit(event, ...args)
    }
    void sock.sendNode(buildAckStanza(node, undefined, sock.authState.creds.me?.id)).catch(() => undefined)
    return true
  }
}

function concernsOwnName(node: BinaryNode): boolean {
  const children = Array.isArray(node.content) ? node.content : []
  return children.some(child => child.attrs['name'] === 'critical_block')
}
