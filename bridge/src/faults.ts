// Named points at which a test may kill this process (SIGKILL, as a power cut would). WAGATE_BRIDGE_CRASH_AT is
// `<point>` or `<point>:<n>` for the n-th time it is reached; honoured only under WAGATE_TEST_FAULTS=1.

export type FaultPoint =
  | 'encrypted' // a ratchet advanced in memory, its commit has not left
  | 'committed' // it is durable, the message has not left
  | 'written' // the message has left, its ack has not come
  | 'decrypted' // a message was decrypted in memory, its commit has not left
  | 'stored' // it is durable, its receipt has not left
  | 'receipted' // the receipt has left

const [armed, count] =
  process.env['WAGATE_TEST_FAULTS'] === '1' ? (process.env['WAGATE_BRIDGE_CRASH_AT'] ?? '').split(':') : []
let left = Number(count ?? 1)

export const faultsArmed = armed !== undefined && armed !== ''

export function reach(point: FaultPoint): void {
  if (point === armed && --left <= 0) process.kill(process.pid, 'SIGKILL')
}
