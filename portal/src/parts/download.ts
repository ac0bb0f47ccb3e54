// Files by addresses that are valid for minutes, and so are queried at the click.
import { useState } from 'react';
import { useClient, type AnyVariables } from 'urql';
import { type Problem, problemOf } from '../api/problems.ts';
import { trusted, type Trusted } from '../api/trusted.ts';

interface Download {
  start: () => Promise<void>;
  isPending: boolean;
  problem: Problem | null;
}

const NOT_FOUND: Problem = { code: 'NOT_FOUND', message: '', field: null, retryAfterSeconds: null, isUnknown: false, reference: null, refusals: [] };

export function useDownload<Data, Variables extends AnyVariables>(document: Trusted<Data, Variables>, variables: Variables, urlOf: (data: Data) => string | null | undefined): Download {
  const client = useClient();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = async () => {
    setPending(true);
    const query = trusted(document) as Trusted<Data, AnyVariables>;
    const { data, error } = await client.query(query, variables as AnyVariables, { requestPolicy: 'network-only' }).toPromise();
    setPending(false);
    const url = data && urlOf(data);
    setProblem(url ? null : error ? problemOf(error) : NOT_FOUND);
    if (url) save(url);
  };
  return { start, isPending, problem };
}

// The answer has `Content-Disposition: attachment`, so the page stays.
function save(url: string): void {
  const link = window.document.createElement('a');
  link.href = url;
  link.rel = 'noreferrer';
  link.click();
}
