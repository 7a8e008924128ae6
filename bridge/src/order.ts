// Messages are handled in the order in which WhatsApp sent them. Baileys lets some overtake others: the first message
// of a stranger waits for the mapping of their addresses to be stored while the second one passes by, and what comes
// live passes those that waited on the server, because these have a queue of their own.

import type { BinaryNode, WASocket } from '@whiskeysockets/baileys'

/** The parts of Baileys' WebSocket client that are used. */
interface Client {
  emit(event: string, ...args: unknown[]): boolean
  listeners(event: string): ((node: BinaryNode) => unknown)[]
}

/**
 * Hand Baileys each message once it is done with the one before; its own lock makes it handle one at a time anyway.
 * `waiting` counts those that it is not done with.
 */
export function inOrder(sock: WASocket, onHandled: () => void): { waiting: number } {
  const client = sock.ws as unknown as Client
  const emit = client.emit.bind(client)
  const line = { waiting: 0 }
  let before: Promise<unknown> = Promise.resolve()
  const handled = (): void => {
    line.waiting--
    onHandled()
  }
  client.emit = (event, ...args) => {
    if (event !== 'CB:message') return emit(event, ...args)
    const node = args[0] as BinaryNode
    // The mark of those that waited would send it to the other queue. The content stays the same object.
    const { offline: _, ...attrs } = node.attrs
    const listeners = client.listeners(event)
    const handle = () => Promise.allSettled(listeners.map(async listener => listener({ ...node, attrs })))
    line.waiting++
    before = before.then(handle).then(handled)
    return listeners.length > 0
  }
  return line
}
