// The part of the GraphQL parser that urql needs here. The portal sends the ids of documents, so no document is parsed or
// printed: vite.config.ts gives urql this module in place of the whole parser.
export { GraphQLError, Kind } from '@0no-co/graphql.web';

// urql prints a document that it has not seen, also where it sends the id alone.
export const print = () => '';

export function parse(): never {
  throw new Error('The portal has no GraphQL parser.');
}
