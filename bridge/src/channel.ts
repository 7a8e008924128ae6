// The unix socket to the host: a 4-byte big-endian length, then one MessagePack map. What is written within one turn of
// the event loop goes out in one piece.

import { connect, type Socket } from 'node:net'
import { Packr } from 'msgpackr'
import { type FromBridge, MAX_FRAME, type ToBridge } from './protocol.gen.ts'

const HEAD = 4

export class Channel {
  readonly #socket: Socket
  readonly #packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true })
  readonly #onFrame: (frame: ToBridge) => void
  #out: Uint8Array[] = []
  #chunks: Buffer[] = []
  #buffered = 0

  /** `onEnd` is called once the host is gone; there is nothing left to live for then. */
  constructor(path: string, onFrame: (frame: ToBridge) => void, onEnd: () => void) {
    this.#onFrame = onFrame
    this.#socket = connect(path)
    this.#socket.on('data', chunk => this.#receive(chunk))
    this.#socket.on('close', onEnd)
    this.#socket.on('error', () => undefined)
  }

  send(frame: FromBridge): void {
    const body = this.#packr.pack(frame)
    const head = Buffer.allocUnsafe(HEAD)
    head.writeUInt32BE(body.length)
    if (this.#out.length === 0) setImmediate(() => this.flush())
    this.#out.push(head, body)
  }

  flush(): void {
    if (this.#out.length === 0) return
    const out = this.#out
    this.#out = []
    this.#socket.write(out.length === 1 && out[0] ? out[0] : Buffer.concat(out))
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    while (this.#buffered >= HEAD) {
      const length = this.#peekLength()
      if (length > MAX_FRAME) throw new Error('the host sent a frame that is too long')
      if (this.#buffered < HEAD + length) return
      const all = this.#chunks.length === 1 && this.#chunks[0] ? this.#chunks[0] : Buffer.concat(this.#chunks)
      const rest = all.subarray(HEAD + length)
      this.#chunks = rest.length > 0 ? [rest] : []
      this.#buffered = rest.length
      this.#onFrame(this.#packr.unpack(all.subarray(HEAD, HEAD + length)) as ToBridge)
    }
  }

  #peekLength(): number {
    const first = this.#chunks[0]
    if (first !== undefined && first.length >= HEAD) return first.readUInt32BE(0)
    const joined = Buffer.concat(this.#chunks)
    this.#chunks = [joined]
    return joined.readUInt32BE(0)
  }
}
