import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { parse } from 'graphql';

const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

function failure(message) {
  const error = new Error(message);
  error.stack = undefined; // GraphiQL would print it
  return error;
}

// "Bearer" without a token is what the header editor starts with when nobody has signed in.
function sendable(headers = {}) {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name, value]) => !(name.toLowerCase() === 'authorization' && /^bearer\s*$/i.test(value)),
    ),
  );
}

async function request(url, init) {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw failure(`${url} could not be reached: ${error.message}`);
  }
}

const isGraphQL = (body) =>
  body !== null && typeof body === 'object' && ('data' in body || Array.isArray(body.errors));

function explain(response, text, body) {
  const said =
    (isGraphQL(body) && body.errors?.map(({ message }) => message).join('\n')) ||
    body?.detail ||
    body?.message ||
    body?.error ||
    text.slice(0, 500);
  const reason = typeof said === 'string' ? said : JSON.stringify(said);
  return `HTTP ${response.status} ${response.statusText}${reason ? `: ${reason}` : ''}`;
}

async function read(response) {
  const text = await response.text();
  try {
    return { text, body: JSON.parse(text) };
  } catch {
    return { text, body: null };
  }
}

// `fetch` for operations: what is not a GraphQL answer (a proxy's error page, say) becomes a readable error.
async function operationFetch(url, init) {
  const response = await request(url, init);
  if (/^multipart\//.test(response.headers.get('content-type') ?? '')) return response;
  const { text, body } = await read(response.clone());
  if (!isGraphQL(body)) throw failure(explain(response, text, body));
  return response;
}

// Just after a change of tabs GraphiQL still names the operation of the earlier one. Where a document has one operation,
// that is the one meant.
function withOperation(params) {
  try {
    const operations = parse(params.query).definitions.filter(({ kind }) => kind === 'OperationDefinition');
    return operations.length === 1 ? { ...params, operationName: operations[0].name?.value } : params;
  } catch {
    return params; // the gateway tells what is wrong with it
  }
}

const hasAuthorization = (headers) => Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');

// Requests carry the token of the customer whom the page acts as; the header editor may name another.
export function createFetcher(endpoint, session) {
  function headersOf(options) {
    const typed = sendable(options?.headers);
    return hasAuthorization(typed) ? typed : { ...session.headers, ...typed };
  }

  // An answer that comes after the switch to another customer would be shown as that customer's.
  async function stillSame(sent) {
    const { customer } = session;
    const answer = await sent;
    if (session.customer !== customer) throw failure('The customer was changed before the answer came. Run it again.');
    return answer;
  }

  const fetcher = createGraphiQLFetcher({
    url: endpoint,
    fetch: (url, init) => stillSame(operationFetch(url, init)),
    async schemaFetcher(params, options) {
      const response = await request(endpoint, {
        method: 'POST',
        headers: { ...JSON_HEADERS, ...headersOf(options) },
        body: JSON.stringify(params),
      });
      const { text, body } = await read(response);
      if (!response.ok || !isGraphQL(body)) throw failure(explain(response, text, body));
      return body;
    },
  });
  return (params, options) => fetcher(withOperation(params), { ...options, headers: headersOf(options) });
}
