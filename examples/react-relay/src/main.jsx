import { Component, Suspense, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { RelayEnvironmentProvider } from 'react-relay';
import { environment } from './environment.js';
import { SignIn } from './SignIn.jsx';
import { Summary } from './Summary.jsx';

class ErrorBoundary extends Component {
  state = { error: null };
  static getDerivedStateFromError = (error) => ({ error });

  render() {
    return this.state.error ? <p role="alert">{this.state.error.message}</p> : this.props.children;
  }
}

function Page() {
  const [isSignedIn, setSignedIn] = useState(false);
  return isSignedIn ? <Summary /> : <SignIn onSignedIn={() => setSignedIn(true)} />;
}

createRoot(document.getElementById('root')).render(
  <RelayEnvironmentProvider environment={environment}>
    <ErrorBoundary>
      <Suspense fallback={<p>Loading …</p>}>
        <Page />
      </Suspense>
    </ErrorBoundary>
  </RelayEnvironmentProvider>,
);
