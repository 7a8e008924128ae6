// One step of a chat by libsignal itself. Reads one JSON object a line on stdin: a session record and the keys of the
// end that has it, and a message to encrypt or decrypt; answers with the result and the record after it.
// Usage: node libsignal.mjs <bridge folder>

import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const require = createRequire(`${process.argv[2]}/package.json`)
const { ProtocolAddress, SessionCipher, SessionRecord } = require('libsignal')
for (const level of ['info', 'warn', 'error', 'log']) console[level] = () => undefined

const bytes = text => Buffer.from(text, 'base64')
const pair = ([privKey, pubKey]) => ({ privKey: bytes(privKey), pubKey: bytes(pubKey) })

async function step({ record, identity, signed, oneTimes, registrationId, encrypt, decrypt }) {
  let stored = record === null ? undefined : SessionRecord.deserialize(record)
  const used = []
  const cipher = new SessionCipher(
    {
      loadSession: async () => stored,
      storeSession: async (_, after) => void (stored = after),
      isTrustedIdentity: async () => true,
      loadPreKey: async id => (oneTimes[id] ? pair(oneTimes[id]) : undefined),
      removePreKey: async id => void used.push(id),
      loadSignedPreKey: async () => pair(signed),
      getOurRegistrationId: async () => registrationId,
      getOurIdentity: async () => pair(identity)
    },
    new ProtocolAddress('peer', 0)
  )
  if (encrypt !== undefined) {
    const { type, body } = await cipher.encrypt(bytes(encrypt))
    return { kind: type === 3 ? 'pkmsg' : 'msg', body: body.toString('base64'), record: stored.serialize() }
  }
  const body = bytes(decrypt.body)
  const plaintext = await (decrypt.kind === 'pkmsg'
    ? cipher.decryptPreKeyWhisperMessage(body)
    : cipher.decryptWhisperMessage(body))
  return { plaintext: plaintext.toString('base64'), record: stored.serialize() }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await step(JSON.parse(line)).catch(error => ({ error: String(error) }))
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}
