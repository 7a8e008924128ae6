// Named points at which a test may kill this process (SIGKILL, as a power cut would). WAGATE_CRASH_AT is
// `<point>[:n[:program]]`: the n-th time it is reached, and with `program` the host along with it; or `@<file>` that
// holds such an order, from when it is written until it is carried out. Honoured only under WAGATE_TEST_FAULTS=1.

import { readFileSync, unlinkSync } from 'node:fs'

export type FaultPoint =
  | 'encrypted' // a ratchet advanced in memory, its commit has not left
  | 'committed' // it is durable, the message has not left
  | 'written' // the message has left, its ack has not come
  | 'decrypted' // a message was decrypted in memory, its commit has not left
  | 'stored' // it is durable, its receipt has not left
  | 'receipted' // the receipt has left

const given = process.env['WAGATE_TEST_FAULTS'] === '1' ? (process.env['WAGATE_CRASH_AT'] ?? '') : ''
const file = given.startsWith('@') ? given.slice(1) : ''
let reached = 0

/** Whether any point may be armed. */
export const faultsArmed = given !== ''

export function reach(point: FaultPoint): void {
  if (given === '') return
  const [armed, count, whole] = orders().split(':')
  if (point !== armed || ++reached < Number(count ?? 1)) return
  if (file !== '') unlinkSync(file)
  if (whole === 'program') process.kill(process.ppid, 'SIGKILL')
  process.kill(process.pid, 'SIGKILL')
}

function orders(): string {
  if (file === '') return given
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
