// The peer of the benchmark: bare Baileys with its keys in memory and a little Express. Nothing is durable here.
// Environment: WA_URL, WA_ROOT (hex), NODE_EXTRA_CA_CERTS. POST /hook names the URL that inbound messages go to.
import express from 'express'
import { createRequire } from 'node:module'
import * as baileys from '@whiskeysockets/baileys'

const pino = createRequire(import.meta.url)('pino')
baileys.WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(process.env.WA_ROOT, 'hex')
console.info = console.log = () => {}
const sessions = new Map()
let hook

function memoryKeys() {
  const data = {}
  return {
    get: async (type, ids) => Object.fromEntries(ids.flatMap(id => (data[type]?.[id] ? [[id, data[type][id]]] : []))),
    set: async changes => {
      for (const type in changes) Object.assign((data[type] ??= {}), changes[type])
    }
  }
}

function connect(id) {
  const session = sessions.get(id)
  const socket = (session.socket = baileys.makeWASocket({
    auth: { creds: session.creds, keys: session.keys },
    logger: pino({ level: 'silent' }),
    waWebSocketUrl: process.env.WA_URL
  }))
  socket.ws.on('CB:ack,class:message', node => {
    session.acks.get(node.attrs.id)?.()
    session.acks.delete(node.attrs.id)
  })
  socket.ev.on('connection.update', update => {
    if (update.qr) session.qr = update.qr
    if (update.connection === 'open') session.open = true
    if (update.connection === 'close' && update.lastDisconnect?.error?.output?.statusCode === 515) connect(id)
  })
  socket.ev.on('messages.upsert', ({ messages }) => {
    for (const message of messages) {
      if (message.key.fromMe || !hook) continue
      const body = JSON.stringify({ waId: message.key.id, text: message.message?.conversation })
      fetch(hook, { method: 'POST', body, headers: { 'content-type': 'application/json' } }).catch(() => {})
    }
  })
}

const app = express()
app.use(express.json())
app.post('/sessions/:id', (request, response) => {
  sessions.set(request.params.id, { creds: baileys.initAuthCreds(), keys: memoryKeys(), acks: new Map() })
  connect(request.params.id)
  response.json({})
})
app.get('/sessions/:id', (request, response) => {
  const { qr, open } = sessions.get(request.params.id)
  response.json({ qr, open })
})
app.delete('/sessions/:id', async (request, response) => {
  await sessions.get(request.params.id).socket.logout()
  sessions.delete(request.params.id)
  response.json({})
})
app.post('/hook', (request, response) => {
  hook = request.body.url
  response.json({})
})
app.post('/sessions/:id/send', async (request, response) => {
  const session = sessions.get(request.params.id)
  const messageId = baileys.generateMessageIDV2()
  const acked = new Promise(resolve => session.acks.set(messageId, resolve))
  await session.socket.sendMessage(`${request.body.to}@s.whatsapp.net`, { text: request.body.text }, { messageId })
  if (request.query.wait !== '0') await acked
  response.json({ id: messageId })
})
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`ready http://127.0.0.1:${server.address().port}\n`))
