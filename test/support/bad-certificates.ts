/** What servers show by mistake in the place of a certificate for `NAME` with its chain. */
import { type Credentials, INTERMEDIATE, NAME, ROOT_CA } from './federation.ts';
import { makeCertificate } from './x509-maker.ts';

const DAY_MS = 86_400_000;

/** @param subject `names` are right all the same */
export function selfSigned(subject: string): Credentials {
  const { privateKey, pem } = makeCertificate({ subject, names: [NAME] });
  return { key: privateKey, cert: pem };
}

export function leafAlone(): Credentials {
  const { privateKey, pem } = makeCertificate({ subject: NAME, names: [NAME], issuer: INTERMEDIATE });
  return { key: privateKey, cert: pem };
}

/** The root that is trusted, cross-signed by one that is not, and whose cross-signature has expired. */
export function withStaleRoot(): Credentials {
  const old = makeCertificate({ subject: 'old root', isCa: true });
  const crossed = makeCertificate({
    subject: 'lab root',
    isCa: true,
    issuer: old,
    keyOf: ROOT_CA,
    notBefore: new Date(Date.now() - 2 * DAY_MS),
    notAfter: new Date(Date.now() - DAY_MS),
  });
  const leaf = makeCertificate({ subject: NAME, names: [NAME], issuer: INTERMEDIATE });
  return { key: leaf.privateKey, cert: leaf.pem + INTERMEDIATE.pem + crossed.pem };
}

export function ofUnknownCa(): Credentials {
  const root = makeCertificate({ subject: 'unknown root', isCa: true });
  const middle = makeCertificate({ subject: 'unknown intermediate', isCa: true, issuer: root });
  const { privateKey, pem } = makeCertificate({ subject: NAME, names: [NAME], issuer: middle });
  return { key: privateKey, cert: pem + middle.pem };
}
