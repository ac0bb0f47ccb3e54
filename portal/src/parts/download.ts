// Files by addresses that are valid for minutes, and so are queried at the click.
import { useState } from 'react';
import { useClient, type AnyVariables } from 'urql';
import { DownloadsDocument, type DownloadsQuery } from '../api/__generated__/graphql.ts';
import { type Problem, problemOf, refusalsOf } from '../api/problems.ts';
import { trusted, type Trusted } from '../api/trusted.ts';

export interface Download {
  start: () => Promise<void>;
  isPending: boolean;
  problem: Problem | null;
}

const NOT_FOUND = refusalsOf([{ code: 'NOT_FOUND', message: '' }]);

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

// The PDF of an invoice or a credit note, the receipt of a payment, or an attached file.
export function useDownloadOf(id: string): Download {
  return useDownload(DownloadsDocument, { ids: [id] }, ({ nodes }) => urlOf(nodes?.[0]));
}

export function urlOf(node: NonNullable<DownloadsQuery['nodes']>[number] | undefined): string | null | undefined {
  switch (node?.__typename) {
    case 'Invoice':
    case 'CreditNote':
      return node.document?.url;
    case 'Payment':
      return node.receipt?.url;
    case 'Attachment':
      return node.downloadUrl;
    default:
      return null;
  }
}

// The answer has `Content-Disposition: attachment`, so the page stays.
function save(url: string): void {
  const link = window.document.createElement('a');
  link.href = url;
  link.rel = 'noreferrer';
  link.click();
}
