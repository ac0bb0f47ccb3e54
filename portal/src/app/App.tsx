// The pages by their addresses, and who may see them.
import { lazy, Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Provider } from 'urql';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { createClient } from '../api/client.ts';
import { forgetPresses } from '../api/presses.ts';
import { subjectOf } from '../api/session.ts';
import { useFollow } from '../live/useFollow.ts';
import { Announcer } from '../ui/Announcer.tsx';
import { Skeleton } from '../ui/Page.tsx';
import { usePortal } from './context.ts';
import { hasSignedOut, useSession } from './session.ts';
import { Shell } from './Shell.tsx';

const Summary = lazy(() => import('../pages/summary/Summary.tsx'));
const Subscriptions = lazy(() => import('../pages/subscriptions/Subscriptions.tsx'));
const Subscription = lazy(() => import('../pages/subscriptions/Subscription.tsx'));
const Schedules = lazy(() => import('../pages/schedules/Schedules.tsx'));
const Schedule = lazy(() => import('../pages/schedules/Schedule.tsx'));
const Payments = lazy(() => import('../pages/payments/Payments.tsx'));
const Invoice = lazy(() => import('../pages/payments/Invoice.tsx'));
const Profile = lazy(() => import('../pages/profile/Profile.tsx'));
const NotFound = lazy(() => import('../pages/NotFound.tsx'));
const SignIn = lazy(() => import('../pages/entry/SignIn.tsx'));
const ForgottenPassword = lazy(() => import('../pages/entry/ForgottenPassword.tsx'));
const NewPassword = lazy(() => import('../pages/entry/NewPassword.tsx'));
const Enter = lazy(() => import('../pages/entry/Enter.tsx'));
const ConfirmEmail = lazy(() => import('../pages/entry/ConfirmEmail.tsx'));
const DemoCustomers = lazy(() => import('../pages/entry/DemoCustomers.tsx'));
const SignInAgain = lazy(() => import('../pages/entry/SignInAgain.tsx'));

export function App() {
  const { endpoint } = usePortal();
  const session = useSession();
  const subject = session && subjectOf(session);
  const lastSubject = useRef(subject);
  if (subject) lastSubject.current = subject;
  // The cache of one customer is not another's; it outlives a session that ended under an open page.
  const client = useMemo(() => createClient(endpoint), [endpoint, lastSubject.current]);
  useEffect(() => {
    if (subject) forgetPresses(subject);
  }, [subject]);
  return (
    <Provider value={client}>
      <Announcer>
        <Suspense fallback={<Skeleton />}>
          <Switch>
            <Route path="/sign-in" component={SignIn} />
            <Route path="/forgotten-password" component={ForgottenPassword} />
            <Route path="/reset-password" component={NewPassword} />
            <Route path="/enter" component={Enter} />
            <Route path="/confirm-email" component={ConfirmEmail} />
            <Route path="/demo" component={DemoCustomers} />
            <Route>
              <SignedIn key={lastSubject.current} subject={lastSubject.current}>
                <CustomerPages />
              </SignedIn>
            </Route>
          </Switch>
        </Suspense>
      </Announcer>
    </Provider>
  );
}

// Pages of one signed-in customer: another one's begin anew, without what was typed. A session that ends under an open page leaves the page as it is, with what was typed in it.
function SignedIn({ subject, children }: { subject: string | null; children: ReactNode }) {
  const session = useSession();
  const { demo } = usePortal();
  const [path] = useLocation();
  const [wasSignedIn, setSignedIn] = useState(session !== null);
  useEffect(() => {
    if (session) setSignedIn(true);
  }, [session]);
  useFollow(session ? subject : null);
  if (!session && (!wasSignedIn || hasSignedOut())) {
    const isFirst = demo.length > 0 && path === '/';
    return <Redirect to={isFirst ? '/demo' : `/sign-in?next=${encodeURIComponent(path + location.search)}`} replace />;
  }
  return (
    <>
      <Shell>{children}</Shell>
      {!session && subject && (
        <Suspense>
          <SignInAgain subject={subject} />
        </Suspense>
      )}
    </>
  );
}

function CustomerPages() {
  return (
    <Suspense fallback={<Skeleton />}>
      <Switch>
        <Route path="/" component={Summary} />
        <Route path="/subscriptions" component={Subscriptions} />
        <Route path="/subscriptions/:id/:action?">{({ id, action }) => <Subscription key={id} id={id} action={action} />}</Route>
        <Route path="/schedules" component={Schedules} />
        <Route path="/schedules/:id">{({ id }) => <Schedule key={id} id={id} />}</Route>
        <Route path="/payments" component={Payments} />
        <Route path="/invoices/:id">{({ id }) => <Invoice key={id} id={id} />}</Route>
        <Route path="/profile" component={Profile} />
        <Route component={NotFound} />
      </Switch>
    </Suspense>
  );
}
