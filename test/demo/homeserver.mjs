// The homeserver of the demo, as much of one as peers look at first: it serves the certificate that lies in a folder, reads
// it again on SIGHUP, as Synapse does, and publishes signed keys for the name that it is asked by.
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

const [folder, fallback, pidFile, port] = process.argv.slice(2);

function pair() {
  for (const from of [folder, fallback])
    try {
      return {
        key: readFileSync(join(from, 'privkey.pem')),
        cert: readFileSync(join(from, 'fullchain.pem')),
      };
    } catch {
      continue;
    }
  throw new Error('there is no certificate to serve');
}

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const verifyKey = unpadded(Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url'));

/** Server-server API § "Publishing keys"; the keys stand in the order of canonical JSON. */
function keys(serverName) {
  const document = {
    old_verify_keys: {},
    server_name: serverName,
    valid_until_ts: Date.now() + 86_400_000,
    verify_keys: { 'ed25519:demo': { key: verifyKey } },
  };
  const signature = unpadded(sign(null, Buffer.from(JSON.stringify(document)), privateKey));
  return { ...document, signatures: { [serverName]: { 'ed25519:demo': signature } } };
}

function unpadded(bytes) {
  return bytes.toString('base64').replace(/=+$/, '');
}

const server = createServer({ ...pair(), minVersion: 'TLSv1.2' }, (request, response) => {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '');
  const answers = {
    '/_matrix/key/v2/server': () => keys(name),
    '/_matrix/federation/v1/version': () => ({ server: { name: 'demo homeserver', version: '1' } }),
  };
  const answer = answers[request.url];
  response.statusCode = answer === undefined ? 404 : 200;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer === undefined ? { errcode: 'M_UNRECOGNIZED' } : answer()));
});
process.on('SIGHUP', () => server.setSecureContext(pair()));
server.listen(Number(port), '127.0.0.1', () => {
  writeFileSync(pidFile, `${process.pid}\n`);
  process.stdout.write('ready\n');
});
