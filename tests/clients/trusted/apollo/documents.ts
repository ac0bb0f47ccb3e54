import { gql } from '@apollo/client';

export const NAME = gql`
  fragment Person on Customer {
    id
    name
  }
`;

export const SUMMARY = gql`
  query ApolloSummary {
    customer {
      ...Person
      summary {
        activeSubscriptions
      }
    }
  }
  ${NAME}
`;

export const INVOICES = gql`
  query ApolloInvoices($first: Int) {
    customer {
      invoices(first: $first) {
        nodes {
          id
          number
        }
      }
    }
  }
`;
