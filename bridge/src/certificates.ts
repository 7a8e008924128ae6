// The rest of the Noise certificate check. With real signatures (curve.ts) Baileys checks that the root signed the
// intermediate certificate and that one the leaf; it checks no dates, of the serial numbers only the intermediate's
// issuer, and not that the leaf is about the server it is talking to.
//
// Baileys offers no hook there, but its handshake runs in one synchronous piece: it agrees on a key with the server's
// static key, then verifies the leaf, then the intermediate certificate. So what these two functions see in that order
// belongs together, and the answer to the last question can be given for the whole chain.

import { proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys'

const CertificateDetails = proto.CertChain.NoiseCertificate.Details

let serverStatic: Uint8Array = new Uint8Array()
let leaf: { issuerKey: Uint8Array; details: Uint8Array } | undefined

/** A key agreement with `publicKey` was made; the last one before the certificates is with the server's static key. */
export function observeAgreement(publicKey: Uint8Array): void {
  serverStatic = publicKey
  leaf = undefined
}

/** Called with every message whose signature is right: false if it completes a chain that must be refused. */
export function checkCertificate(signer: Uint8Array, message: Uint8Array): boolean {
  if (!same(signer, WA_CERT_DETAILS.PUBLIC_KEY)) {
    leaf = { issuerKey: signer, details: message }
    return true
  }
  const pending = leaf
  leaf = undefined
  return pending !== undefined && isSound(pending.issuerKey, pending.details, message)
}

function isSound(leafIssuerKey: Uint8Array, leafDetails: Uint8Array, intermediateDetails: Uint8Array): boolean {
  const now = Date.now() / 1000
  const upper = CertificateDetails.decode(intermediateDetails)
  const lower = CertificateDetails.decode(leafDetails)
  return (
    upper.issuerSerial === WA_CERT_DETAILS.SERIAL &&
    same(upper.key ?? new Uint8Array(), leafIssuerKey) &&
    lower.issuerSerial === upper.serial &&
    same(lower.key ?? new Uint8Array(), serverStatic) &&
    isCurrent(upper, now) &&
    isCurrent(lower, now)
  )
}

function isCurrent(details: proto.CertChain.NoiseCertificate.IDetails, now: number): boolean {
  return Number(details.notBefore ?? 0) <= now && now <= Number(details.notAfter ?? 0)
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
