// A look at a serialised Message without decoding it.

const SENDER_KEY_DISTRIBUTION = 2
const MESSAGE_CONTEXT_INFO = 35

/** Whether a Message carries a sender key and nothing to read. */
export function onlyDistributesKeys(message: Uint8Array): boolean {
  let at = 0
  let distributes = false
  while (at < message.length) {
    const [tag, afterTag] = varint(message, at)
    const field = Math.floor(tag / 8)
    if (tag % 8 !== 2 || (field !== SENDER_KEY_DISTRIBUTION && field !== MESSAGE_CONTEXT_INFO)) return false
    distributes ||= field === SENDER_KEY_DISTRIBUTION
    const [length, start] = varint(message, afterTag)
    at = start + length
  }
  return distributes
}

function varint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0
  let scale = 1
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 127) * scale
    if (byte < 128) return [value, at + 1]
    scale *= 128
  }
  return [value, bytes.length]
}
