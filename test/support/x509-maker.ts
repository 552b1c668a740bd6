import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';

/** A key with its certificate; `chain` is what a server would send, leaf first. */
export interface Issued {
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  readonly pem: string;
  readonly subject: string;
}

export interface CertificateRequest {
  /** Common name of the subject. */
  readonly subject: string;
  readonly names?: readonly string[];
  readonly isCa?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Default: it signs itself. */
  readonly issuer?: Issued;
  /** For the key of this one, as a cross-signature is. Default: a new key. */
  readonly keyOf?: Issued;
}

const DAY_MS = 86_400_000;

/** X.509 (RFC 5280) with P-256, in one go and with any dates, which openssl(1) 3.0 does not make without a CA folder. */
export function makeCertificate(request: CertificateRequest): Issued {
  const privateKey =
    request.keyOf === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : createPrivateKey(request.keyOf.privateKey);
  const signer: KeyObject =
    request.issuer === undefined ? privateKey : createPrivateKey(request.issuer.privateKey);
  const now = Date.now();
  const tbs = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(8)])),
    ECDSA_SHA256,
    name(request.issuer?.subject ?? request.subject),
    sequence(
      time(request.notBefore ?? new Date(now - DAY_MS)),
      time(request.notAfter ?? new Date(now + 60 * DAY_MS)),
    ),
    name(request.subject),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', tbs, signer);
  const der = sequence(tbs, ECDSA_SHA256, tlv(0x03, Buffer.from([0]), signature));
  const base64 = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    subject: request.subject,
  };
}

function extensions({ isCa = false, names = [] }: CertificateRequest): Buffer[] {
  const basicConstraints = sequence(
    oid('551d13'),
    tlv(0x01, Buffer.from([0xff])),
    tlv(0x04, sequence(...(isCa ? [tlv(0x01, Buffer.from([0xff]))] : []))),
  );
  if (names.length === 0) return [basicConstraints];
  const entries = names.map((each) =>
    /^[\d.]+$/.test(each)
      ? tlv(0x87, Buffer.from(each.split('.').map(Number)))
      : tlv(0x82, Buffer.from(each, 'ascii')),
  );
  return [basicConstraints, sequence(oid('551d11'), tlv(0x04, sequence(...entries)))];
}

function name(commonName: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(commonName, 'utf8')))));
}

/** GeneralizedTime. */
function time(at: Date): Buffer {
  return tlv(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]|\.\d+Z/g, '')}Z`, 'ascii'));
}

function integer(octets: Buffer): Buffer {
  return tlv(0x02, octets);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tlv(0x30, ...parts);
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
