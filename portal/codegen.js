// Types and document ids from schema.graphql and the shipped documents. Only the ids of documents get into the bundle.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const DOCUMENTS = '../schema/documents';

// A shipped document is published by the SHA-256 of the exact text of its file, and the file has the name of its operation.
const texts = new Map(
  readdirSync(DOCUMENTS, { recursive: true })
    .filter((file) => file.endsWith('.graphql') && !file.startsWith('staff'))
    .map((file) => [basename(file, '.graphql'), readFileSync(join(DOCUMENTS, file), 'utf8')]),
);

function publishedId(operation) {
  const [, name] = /(?:query|mutation|subscription)\s+(\w+)/.exec(operation);
  return `sha256:${createHash('sha256').update(texts.get(name)).digest('hex')}`;
}

export default {
  schema: '../schema.graphql',
  documents: [`${DOCUMENTS}/*.graphql`, `${DOCUMENTS}/actions/**/*.graphql`, `${DOCUMENTS}/live/*.graphql`],
  generates: {
    'src/api/__generated__/': {
      preset: 'client',
      presetConfig: {
        fragmentMasking: false,
        persistedDocuments: { mode: 'replaceDocumentWithHash', hashAlgorithm: publishedId },
      },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        skipTypename: true,
        dedupeFragments: true,
        defaultScalarType: 'string',
        scalars: { Upload: 'File', Metadata: 'Record<string, string>' },
      },
    },
  },
};
