// Silences everything that writes by itself. It is imported first: libsignal prints whole session records, private
// keys included, with console.info, and whatever reaches stdout or stderr ends up in somebody's logs.

import type { BinaryNode } from '@whiskeysockets/baileys'

const silent = (): void => undefined

for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table', 'group', 'assert'] as const) {
  console[name] = silent
}

process.stdout.write = (() => true) as typeof process.stdout.write
process.removeAllListeners('warning')

const stderr = process.stderr.write.bind(process.stderr)

/** The only way to stderr: one line of our own wording, for what happens before or after the channel. */
export const complain = (line: string): void => void stderr(`${line}\n`)

/** A logger that tells the stanzas that Baileys sends; build.mjs has Baileys hand them over. */
export const tellingLogger = (tell: (sent: BinaryNode) => void) => ({
  ...silentLogger,
  level: 'trace',
  trace: (entry: unknown) => {
    const sent = (entry as { sent?: BinaryNode } | undefined)?.sent
    if (sent !== undefined) tell(sent)
  }
})

/** The logger that Baileys is given. */
export const silentLogger = {
  level: 'silent',
  child: () => silentLogger,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent
}
