import { graphql } from 'relay-runtime';

export const SUMMARY = graphql`
  query documentsSummaryQuery {
    customer {
      ...documentsPerson
      summary {
        activeSubscriptions
      }
    }
  }
`;

export const PERSON = graphql`
  fragment documentsPerson on Customer {
    name
  }
`;

export const NODE = graphql`
  query documentsNodeQuery($id: ID!) {
    node(id: $id) {
      ... on Subscription {
        status
      }
    }
  }
`;
