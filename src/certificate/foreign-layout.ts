/** How other ACME clients lay out a certificate, told by the names of the files alone. */

export type ForeignTool = 'certbot' | 'dehydrated' | 'acme.sh' | 'lego' | 'Caddy';

export interface ForeignFiles {
  readonly tool: ForeignTool;
  readonly privateKey: string;
  /** Holds the leaf first, and mostly its chain. */
  readonly certificates: string;
  /** Holds the chain where the other file has the leaf only. */
  readonly issuer: string | null;
}

/** A certificate of another client, as read. */
export interface ForeignCertificate {
  readonly tool: ForeignTool;
  /** Absolute path of the file with the leaf. */
  readonly path: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  /** PEM, leaf first; at least one. */
  readonly certificates: readonly [string, ...string[]];
}

/**
 * What a folder holds, in the layouts of (verified 2026-11) certbot 2 `live/NAME`, dehydrated 0.7 `certs/NAME`, acme.sh 3
 * `NAME` and `NAME_ecc`, lego 4 and 5 `certificates`, Caddy 2 `certificates/CA/NAME`. Only those of lego hold several.
 * @param files names of the files in one folder
 */
export function foreignFiles(files: readonly string[]): readonly ForeignFiles[] {
  const has = new Set(files);
  if (has.has('privkey.pem') && has.has('fullchain.pem')) {
    // dehydrated keeps every version beside the links; certbot keeps them in another folder.
    const tool = files.some((file) => /^privkey-\d+\.pem$/.test(file)) ? 'dehydrated' : 'certbot';
    return [{ tool, privateKey: 'privkey.pem', certificates: 'fullchain.pem', issuer: 'chain.pem' }];
  }
  return files
    .filter((file) => file.endsWith('.key'))
    .flatMap((privateKey): ForeignFiles[] => {
      const name = privateKey.slice(0, -'.key'.length);
      if (has.has(`${name}.cer`) && has.has('fullchain.cer'))
        return [{ tool: 'acme.sh', privateKey, certificates: 'fullchain.cer', issuer: 'ca.cer' }];
      if (!has.has(`${name}.crt`) || !has.has(`${name}.json`)) return [];
      // lego writes the issuer beside the bundle, and with --no-bundle only there; Caddy has it in the bundle.
      const issuer = `${name}.issuer.crt`;
      const tool = has.has(issuer) ? 'lego' : 'Caddy';
      return [{ tool, privateKey, certificates: `${name}.crt`, issuer }];
    })
    .sort((a, b) => (a.privateKey < b.privateKey ? -1 : 1));
}
