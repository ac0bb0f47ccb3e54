import { graphql } from './generated';

export const PERSON = graphql(`
  fragment CodegenPerson on Customer {
    id
    name
  }
`);

export const SUMMARY = graphql(`
  query CodegenSummary {
    customer {
      ...CodegenPerson
      summary {
        activeSubscriptions
      }
    }
  }
`);

export const PLANS = graphql(`
  query CodegenPlans($first: Int) {
    plans(first: $first) {
      nodes {
        id
        name
      }
    }
  }
`);
