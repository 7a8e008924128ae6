// Baileys' own reporting tokens. Reads a JSON list of {message, secret, id, chat} on stdin (bytes in base64), answers
// with a list of tokens, null where it makes none.
// Usage: node reporting.mjs <bridge folder>

import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const require = createRequire(`${process.argv[2]}/package.json`)
const library = require.resolve('@whiskeysockets/baileys').replace(/index\.js$/, '')
const { getMessageReportingToken } = await import(pathToFileURL(`${library}Utils/reporting-utils.js`))

const tokens = []
for (const { message, secret, id, chat } of JSON.parse(readFileSync(0, 'utf8'))) {
  const content = { messageContextInfo: { messageSecret: Buffer.from(secret, 'base64') } }
  const key = { id, fromMe: true, remoteJid: chat }
  const node = await getMessageReportingToken(Buffer.from(message, 'base64'), content, key)
  tokens.push(node === null ? null : node.content[0].content.toString('base64'))
}
console.log(JSON.stringify(tokens))
