import { gql } from '@apollo/client';

export const SIGN_IN = gql`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      tokens { accessToken }
      userErrors { code message path }
    }
  }
`;

// What the page shows. The mutation asks for it as well, so its answer brings the page up to date.
const PAGE = gql`
  fragment Page on Customer {
    id
    name
    summary {
      id
      totalDue { minorUnits currency formatted }
      totalOverdue { minorUnits currency formatted }
      nextPayment { date amount { minorUnits currency formatted } }
    }
    invoices(first: 5, sort: DUE_FIRST, filter: { status: [OPEN, PARTIALLY_PAID, PROCESSING] }) {
      totalCount
      nodes { id number status dueOn amountRemaining { minorUnits currency formatted } }
    }
  }
`;

export const SUMMARY = gql`
  query Summary { customer { ...Page } }
  ${PAGE}
`;

export const PAY_ALL_DUE = gql`
  mutation PayAllDue($input: PayAllDueInput!) {
    payAllDue(input: $input) {
      replayed
      payment { id status declineCode amount { minorUnits currency formatted } }
      customer { ...Page }
      userErrors { code message path }
    }
  }
  ${PAGE}
`;
