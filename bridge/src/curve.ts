// Signatures that count. Baileys 7.0.0-rc14 on libsignal 6.0.0 verifies no XEdDSA signature at all: libsignal answers
// false where Baileys expects an exception, and pre-key bundles are checked with a flag that says "do not check". So
// the Noise certificate chain, the account's signature at pairing and every bundle would be taken from anybody.
//
// The functions put in their place are those of whatsapp-rust-bridge (Rust's curve25519-dalek in WebAssembly), which
// Baileys itself ships for its HKDF; they also sign 80 times faster than libsignal's JavaScript.

import { Curve } from '@whiskeysockets/baileys'
import libsignalCurve from 'libsignal/src/curve.js'
import { calculateSignature, verifySignature } from 'whatsapp-rust-bridge'
import { checkCertificate, observeAgreement } from './certificates.ts'

const PUBLIC_TYPE = 5
const PUBLIC_LENGTH = 32
const SIGNATURE_LENGTH = 64

function typed(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length === PUBLIC_LENGTH) return Buffer.concat([Buffer.from([PUBLIC_TYPE]), publicKey])
  return publicKey
}

/** Whether `signature` is the XEdDSA signature of `message` under the X25519 key. Never throws. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = typed(publicKey)
    if (key.length !== PUBLIC_LENGTH + 1 || key[0] !== PUBLIC_TYPE || signature.length !== SIGNATURE_LENGTH) return false
    return verifySignature(key, message, signature)
  } catch {
    return false
  }
}

/** Put the real functions into Baileys and libsignal. Both read them from mutable objects at every call. */
export function installCurve(): void {
  const agree = Curve.sharedKey
  Curve.sharedKey = (privateKey, publicKey) => {
    observeAgreement(publicKey)
    return agree(privateKey, publicKey)
  }
  Curve.verify = (publicKey, message, signature) =>
    verify(publicKey, message, signature) && checkCertificate(publicKey, message)
  Curve.sign = (privateKey, message) => Buffer.from(calculateSignature(privateKey, message))

  libsignalCurve.calculateSignature = (privateKey, message) => Buffer.from(calculateSignature(privateKey, message))
  libsignalCurve.verifySignature = (publicKey, message, signature) => {
    if (!verify(publicKey, message, signature)) throw new Error('Invalid signature')
    return true
  }
}
