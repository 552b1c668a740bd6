/** Keys and certificates on disk, and what makes and judges them. Types only. */
import type { DomainName } from '../dns/domain-name.ts';
import type { CertificateFacts } from './facts.ts';
import type { KeyType } from './key-type.ts';

/** PEM texts. `fullchain` is `cert` followed by `chain`. */
export interface CertificateMaterial {
  readonly privateKey: string;
  readonly cert: string;
  readonly chain: string;
  readonly fullchain: string;
}

export interface StoredVersion {
  /** Name of the version folder; also what deploy state refers to. */
  readonly id: string;
  /** Absolute path of the link that always names the live version. */
  readonly directory: string;
  readonly facts: CertificateFacts;
  readonly material: CertificateMaterial;
}

export interface CertificateStore {
  /** The live version; null when there was never one; `broken` says why what is there cannot be used. */
  read(lineage: string): Promise<StoredVersion | { readonly broken: string } | null>;
  /** The id that is live, whether or not it can be used; null when there is none. May be the id of no version. */
  live(lineage: string): Promise<string | null>;
  /** Ids, oldest first. */
  versions(lineage: string): Promise<string[]>;
  readVersion(lineage: string, id: string): Promise<StoredVersion | { readonly broken: string }>;
  /** Writes a whole new version and swaps one link to it. The old versions stay, the last N of them. */
  commit(lineage: string, material: CertificateMaterial): Promise<StoredVersion>;
  /** Swaps the one link to a version that is there. @throws DelegatedError E_CERTIFICATE_STORE when it cannot be used */
  activate(lineage: string, id: string): Promise<StoredVersion>;
}

export interface KeyMaker {
  /** PKCS#8 PEM. */
  privateKey(type: KeyType): Promise<string>;
  /** Everything that the certificate says of itself. @throws DelegatedError E_ACME_CERTIFICATE when it is no PEM chain */
  facts(fullchain: string): CertificateFacts;
  /** Why this material is not what was ordered; null when it is. Checks names, public key, chain, dates. */
  mismatch(material: CertificateMaterial, names: readonly DomainName[], now: Date): string | null;
}
