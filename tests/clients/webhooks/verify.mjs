// node verify.mjs: reads {secret, publicKey, headers, body} from standard input. Verifies `v1` by the stock library and `v1a` by WebCrypto, and prints the result as JSON.
import { Webhook } from 'standardwebhooks';

const { secret, publicKey, headers, body } = JSON.parse(await new Response(process.stdin).text());

function event() {
  try {
    return new Webhook(secret).verify(body, headers);
  } catch (error) {
    return { refused: error.message };
  }
}

// Returns for each `v1a` signature whether the public key verifies it.
async function ed25519() {
  const raw = Buffer.from(publicKey.replace('whpk_', ''), 'base64');
  const key = await crypto.subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  const signatures = headers['webhook-signature'].split(' ').filter((each) => each.startsWith('v1a,'));
  return Promise.all(signatures.map((each) => crypto.subtle.verify('Ed25519', key, Buffer.from(each.slice(4), 'base64'), content)));
}

console.log(JSON.stringify({ event: event(), ed25519: await ed25519() }));
