// A program as people write them with Baileys: one account, its keys in a folder. Orders come as JSON lines on stdin
// ({to, text}, or {stop: true}), and what happens is told as JSON lines on stdout.
// Usage: node baileys_program.mjs <bridge folder> <auth folder> <web socket address> <root key, hex>

import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [bridge, folder, waWebSocketUrl, rootKey] = process.argv.slice(2)
const baileys = await import(pathToFileURL(`${bridge}/node_modules/@whiskeysockets/baileys/lib/index.js`).href)
const { default: makeWASocket, useMultiFileAuthState, DisconnectReason, WA_CERT_DETAILS, DEFAULT_CONNECTION_CONFIG } = baileys
const quiet = () => undefined
const logger = { level: 'silent', child: () => logger, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet }
for (const level of ['info', 'warn', 'error', 'log']) console[level] = quiet
WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(rootKey, 'hex')

const tell = what => process.stdout.write(`${JSON.stringify(what)}\n`)
const { state, saveCreds } = await useMultiFileAuthState(folder)
let socket

function connect() {
  socket = makeWASocket({ ...DEFAULT_CONNECTION_CONFIG, auth: state, logger, waWebSocketUrl, shouldSyncHistoryMessage: () => false })
  socket.ev.on('creds.update', saveCreds)
  socket.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
    if (qr) tell({ qr })
    if (connection === 'open') tell({ online: state.creds.me.id })
    if (connection === 'close' && lastDisconnect?.error?.output?.statusCode === DisconnectReason.restartRequired) connect()
  })
  socket.ev.on('messages.upsert', ({ messages }) => {
    for (const { key, message } of messages) {
      const text = message?.conversation ?? message?.extendedTextMessage?.text
      if (text && !key.fromMe) tell({ text })
    }
  })
}

connect()
for await (const line of createInterface({ input: process.stdin })) {
  const { to, text, stop } = JSON.parse(line)
  if (stop) break
  await socket.sendMessage(to, { text })
  tell({ sent: text })
}
await saveCreds()
await new Promise(resolve => setTimeout(resolve, 500))
process.exit(0)
