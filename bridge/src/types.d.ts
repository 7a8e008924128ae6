// What the untyped parts of Baileys' dependencies look like from here: only what is used.

declare module 'libsignal/src/curve.js' {
  const curve: {
    calculateSignature(privateKey: Uint8Array, message: Uint8Array): Buffer
    verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, isInit?: boolean): boolean
  }
  export default curve
}

declare module 'libsignal/src/protobufs.js' {
  const protobufs: {
    PreKeyWhisperMessage: { decode(bytes: Uint8Array): { identityKey: Uint8Array } }
  }
  export default protobufs
}

declare module 'libsignal' {
  export interface Session {
    registrationId: number
    indexInfo: { baseKey: Buffer; closed: number; used: number; remoteIdentityKey: Buffer }
    serialize(): unknown
  }

  export class SessionRecord {
    static deserialize(data: unknown): SessionRecord
    sessions: Record<string, Session>
    serialize(): unknown
    haveOpenSession(): boolean
    getOpenSession(): Session | undefined
    getSessions(): Session[]
    setSession(session: Session): void
    removeOldSessions(): void
    closeSession(session: Session): void
    isClosed(session: Session): boolean
  }

  export class ProtocolAddress {
    constructor(id: string, deviceId: number)
    toString(): string
  }

  export interface Bundle {
    registrationId: number
    identityKey: Uint8Array
    signedPreKey: { keyId: number; publicKey: Uint8Array; signature: Uint8Array }
    preKey?: { keyId: number; publicKey: Uint8Array } | undefined
  }

  export class SessionBuilder {
    constructor(storage: unknown, address: ProtocolAddress)
    initOutgoing(bundle: Bundle): Promise<void>
  }

  export class SessionCipher {
    constructor(storage: unknown, address: ProtocolAddress)
    encrypt(data: Uint8Array): Promise<{ type: number; body: Buffer }>
    decryptWhisperMessage(data: Uint8Array): Promise<Buffer>
    decryptPreKeyWhisperMessage(data: Uint8Array): Promise<Buffer>
    doDecryptWhisperMessage(data: Uint8Array, session: Session): Promise<Buffer>
    queueJob<T>(job: () => Promise<T>): Promise<T>
    decryptWithSessions(data: Uint8Array, sessions: Session[]): Promise<{ session: Session; plaintext: Buffer }>
  }
}

declare module 'libsignal/src/crypto.js' {
  const crypto: {
    calculateMAC(key: Uint8Array, data: Uint8Array): Buffer
    deriveSecrets(input: Uint8Array, salt: Uint8Array, info: Uint8Array, chunks?: number): Buffer[]
  }
  export default crypto
}
