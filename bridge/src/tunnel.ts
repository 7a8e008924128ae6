// A link's way out where its session has a proxy: everything that Baileys opens for it goes through HTTP CONNECT.

import * as http from 'node:http'
import * as https from 'node:https'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import * as tls from 'node:tls'

type Opened = (error: Error | null, socket?: Socket) => void
type Target = http.AgentOptions & tls.ConnectionOptions & { host?: string; port?: number | string }

/** The host waits 15 s for the customer's proxy and then says what is wrong. */
const CONNECT_MS = 20_000

export class Tunnel {
  readonly #proxy: URL
  readonly #onAnswer: (status: number) => void

  /** `onAnswer` hears the proxy's status if it gives the WebSocket no connection. */
  constructor(proxy: string, onAnswer: (status: number) => void) {
    this.#proxy = new URL(proxy)
    this.#onAnswer = onAnswer
  }

  /** The agent for the WebSocket at `url`. */
  agentFor(url: string): http.Agent {
    const secure = url.startsWith('wss:')
    const agent = secure ? new https.Agent() : new http.Agent()
    return this.#through(agent, secure, this.#onAnswer)
  }

  /** `fetch` through the proxy: what Baileys needs of it, a GET whose body is read as a stream. */
  fetch(url: string, headers: Record<string, string>): Promise<Response> {
    const agent = this.#through(new https.Agent(), true, () => undefined)
    return new Promise((resolve, reject) => {
      const request = https.get(url, { agent, headers }, answer => {
        const body = Readable.toWeb(answer) as ReadableStream<Uint8Array>
        resolve(new Response(body, { status: answer.statusCode ?? 500 }))
      })
      request.once('error', reject)
    })
  }

  #through(agent: http.Agent, secure: boolean, onAnswer: (status: number) => void): http.Agent {
    const createConnection = (target: Target, opened: Opened): undefined => {
      this.#connect(target, onAnswer).then(
        socket => {
          const servername = target.servername || target.host || ''
          opened(null, secure ? tls.connect({ ...target, socket, servername }) : socket)
        },
        (error: Error) => opened(error)
      )
    }
    return Object.assign(agent, { createConnection })
  }

  #connect({ host, port }: Target, onAnswer: (status: number) => void): Promise<Socket> {
    const path = `${host?.includes(':') ? `[${host}]` : host}:${port}`
    const { hostname, port: proxyPort, username, password } = this.#proxy
    const login = Buffer.from(`${username}:${password}`).toString('base64')
    const headers = { host: path, 'proxy-authorization': `Basic ${login}` }
    return new Promise((resolve, reject) => {
      const request = http.request({
        hostname,
        port: proxyPort,
        method: 'CONNECT',
        path,
        headers,
        agent: false,
        timeout: CONNECT_MS
      })
      request.once('connect', (answer, socket) => {
        const status = answer.statusCode ?? 0
        if (status === 200) {
          socket.setTimeout(0)
          resolve(socket as Socket)
          return
        }
        socket.destroy()
        onAnswer(status)
        reject(new Error(`the proxy answered ${status}`))
      })
      request.once('timeout', () => request.destroy(new Error('the proxy does not answer')))
      request.once('error', reject)
      request.end()
    })
  }
}

/** What Baileys hands on to `fetch` as its `dispatcher`, by which its calls for one link are known. */
interface Init {
  dispatcher?: unknown
  headers?: Record<string, string>
}

const direct = globalThis.fetch

/** Baileys fetches app state with the global `fetch`, which knows no agents: have it use the link's tunnel. */
export function installFetch(): void {
  globalThis.fetch = ((url: string, init?: Init) =>
    init?.dispatcher instanceof Tunnel
      ? init.dispatcher.fetch(url, init.headers ?? {})
      : direct(url, init as RequestInit)) as typeof fetch
}
