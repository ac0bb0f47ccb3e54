import { ApolloProvider } from '@apollo/client/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { client } from './client.js';
import { SignIn } from './SignIn.jsx';
import { Summary } from './Summary.jsx';

function Page() {
  const [isSignedIn, setSignedIn] = useState(false);
  return isSignedIn ? <Summary /> : <SignIn onSignedIn={() => setSignedIn(true)} />;
}

createRoot(document.getElementById('root')).render(
  <ApolloProvider client={client}>
    <Page />
  </ApolloProvider>,
);
