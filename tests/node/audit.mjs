// Ask a server everything that the audits of GraphQL over HTTP ask: `node audit.mjs URL TOKEN`. Prints each result as a line of JSON.
import { auditServer } from 'graphql-http';

const [url, token] = process.argv.slice(2);
const authorized = (target, init = {}) => fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
for (const { id, name, status, reason } of await auditServer({ url, fetchFn: authorized })) {
  console.log(JSON.stringify({ id, name, status, reason }));
}
