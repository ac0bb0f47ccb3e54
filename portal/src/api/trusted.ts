// Documents as urql sends them: the id alone.
import type { DocumentNode } from 'graphql';
import type { TypedDocumentNode } from 'urql';

interface Generated {
  __meta__?: { hash: string };
}

export type Trusted<Data, Variables> = TypedDocumentNode<Data, Variables>;

const documents = new WeakMap<object, DocumentNode>();

// Return the request document of a generated one. The same object for the same document.
export function trusted<Data, Variables>(generated: Trusted<Data, Variables>): Trusted<Data, Variables> {
  const existing = documents.get(generated);
  if (existing) return existing as Trusted<Data, Variables>;
  const document = { kind: 'Document', definitions: [], documentId: (generated as Generated).__meta__?.hash };
  documents.set(generated, document as unknown as DocumentNode);
  return document as unknown as Trusted<Data, Variables>;
}
