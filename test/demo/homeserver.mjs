// The homeserver of the demo, as much of one as matters here: it serves the certificate that lies in a folder, and
// reads it again on SIGHUP, as Synapse does.
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

const server = createServer({ ...pair(), minVersion: 'TLSv1.2' }, (request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ server: { name: 'demo homeserver', version: '1' } }));
});
process.on('SIGHUP', () => server.setSecureContext(pair()));
server.listen(Number(port), '127.0.0.1', () => {
  writeFileSync(pidFile, `${process.pid}\n`);
  process.stdout.write('ready\n');
});
