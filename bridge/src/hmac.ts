// HMAC-SHA-256 from one-shot hashes. Node 24's createHmac first wraps the key in a KeyObject and takes four times as
// long; with fourteen HMACs per sent message that was a sixth of all the bridge did.

import { createHmac, hash } from 'node:crypto'
import libsignalCrypto from 'libsignal/src/crypto.js'

const BLOCK = 64
const OUTPUT = 32
const INNER = 0x36
const OUTER = 0x5c

export function hmacSha256(key: Uint8Array, data: Uint8Array): Buffer {
  if (key.length > BLOCK) return createHmac('sha256', key).update(data).digest()
  const inner = Buffer.alloc(BLOCK + data.length, INNER)
  const outer = Buffer.alloc(BLOCK + OUTPUT, OUTER)
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ INNER
    outer[at] = byte ^ OUTER
  }
  inner.set(data, BLOCK)
  outer.set(hash('sha256', inner, 'buffer'), BLOCK)
  return hash('sha256', outer, 'buffer')
}

/** The first `chunks` blocks of HKDF (RFC 5869), as libsignal's own function gives them. */
function deriveSecrets(input: Uint8Array, salt: Uint8Array, info: Uint8Array, chunks = 3): Buffer[] {
  const key = hmacSha256(salt, input)
  const blocks: Buffer[] = []
  let previous = Buffer.alloc(0)
  for (let counter = 1; counter <= chunks; counter++) {
    previous = hmacSha256(key, Buffer.concat([previous, info, Buffer.from([counter])])) as Buffer<ArrayBuffer>
    blocks.push(previous)
  }
  return blocks
}

export function installHmac(): void {
  libsignalCrypto.calculateMAC = hmacSha256
  libsignalCrypto.deriveSecrets = deriveSecrets
}
