// The two ways in which pages use the API: one query for the page, and actions.
import { useCallback, useDeferredValue, useRef, useState } from 'react';
import { useClient, useQuery, type AnyVariables, type CombinedError } from 'urql';
import { hold } from '../live/holds.ts';
import { usePageFreshness, useReloads } from '../live/freshness.ts';
import type { ErrorCode } from './__generated__/graphql.ts';
import type { Complete } from './complete.ts';
import { PUBLIC } from './client.ts';
import { type Problem, problemOf, refusalsOf } from './problems.ts';
import { pressOf } from './presses.ts';
import { trusted, type Trusted } from './trusted.ts';

// Every action changes sums and what is allowed all over the portal, so every page that is in view is asked for again.
export const EVERYTHING = { additionalTypenames: ['Portal'] };

export interface PageQuery<Data> {
  data: Complete<Data> | undefined;
  problem: Problem | null;
  isLoading: boolean;
  reload: () => void;
}

// The data of a page. It is asked for again after an action, and as useReloads says.
export function usePageQuery<Data, Variables extends AnyVariables>(document: Trusted<Data, Variables>, variables: Variables): PageQuery<Data> {
  const page = usePageFreshness(EVERYTHING);
  const [{ data, error, fetching, stale }, execute] = useQuery<Data, AnyVariables>({ query: trusted(document) as Trusted<Data, AnyVariables>, variables, context: page.context });
  const reload = useCallback(() => execute({ requestPolicy: 'network-only' }), [execute]);
  useReloads(page, reload, fetching || stale);
  const complete = useRef<Complete<Data>>(undefined);
  if (data && !error) complete.current = data as Complete<Data>;
  const current = error || data ? complete.current : undefined;
  // The first data of a page is rendered in parts, as a transition is; what follows at once.
  const isRendered = useDeferredValue(current) !== undefined;
  return { data: isRendered ? current : undefined, problem: error ? problemOf(error) : null, isLoading: fetching || (!isRendered && current !== undefined), reload };
}

// A refusal of a rule, as a mutation's payload has it.
export interface Refusal {
  code: ErrorCode;
  message: string;
  path?: string[] | null;
}

// The outcome of an action: what its field answered, or why it was not done.
export interface Outcome<Payload> {
  payload: Payload | null;
  problem: Problem | null;
}

// Previews have the input of their mutation, whose key they do not use.
const UNUSED_KEY = { idempotencyKey: 'preview' };

interface Answer {
  userErrors: Refusal[];
}

type FieldOf<Data> = NonNullable<Data[keyof Data]>;
type InputOf<Variables> = Variables extends { input: infer Input } ? Omit<Input, 'idempotencyKey'> : never;

export interface Action<Data, Variables> {
  run: (input: InputOf<Variables>) => Promise<Outcome<FieldOf<Data>>>;
  isPending: boolean;
  problem: Problem | null;
  reset: () => void;
}

interface ActionOptions {
  // Whether the mutation takes an idempotency key: its name among the stored presses.
  press?: string;
  // Whether it needs no token.
  isPublic?: boolean;
  // Whether it changes nothing, as a preview.
  isRead?: boolean;
}

// An action of a page: a mutation, of which one call runs at a time, whatever the number of clicks; or a preview.
export function useAction<Data, Variables>(document: Trusted<Data, Variables>, options: ActionOptions = {}): Action<Data, Variables> {
  const client = useClient();
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const running = useRef(false);
  const { press: name, isPublic = false, isRead = false } = options;
  const run = useCallback(
    async (input: InputOf<Variables>): Promise<Outcome<FieldOf<Data>>> => {
      if (running.current && !isRead) return { payload: null, problem: null };
      running.current = true;
      setPending(true);
      // The page is asked for again by the answer, so events of this action need no load of their own.
      const release = hold();
      const press = name ? pressOf(name, input as object) : null;
      const variables = { input: press?.input ?? (isRead ? { ...input, ...UNUSED_KEY } : input) } as unknown as AnyVariables;
      const query = trusted(document) as Trusted<Data, AnyVariables>;
      const { data, error } = isRead
        ? await client.query(query, variables, { requestPolicy: 'network-only' }).toPromise()
        : await client.mutation(query, variables, isPublic ? PUBLIC : EVERYTHING).toPromise();
      const outcome = outcomeOf(data, error);
      if (press && isSettled(outcome)) press.settle();
      running.current = false;
      setPending(false);
      release();
      setProblem(outcome.problem);
      return outcome;
    },
    [client, document, name, isPublic, isRead],
  );
  return { run, isPending, problem, reset: useCallback(() => setProblem(null), []) };
}

// Whether the outcome is known: not after a lost answer, nor while the first call of this key runs.
function isSettled({ payload, problem }: Outcome<unknown>): boolean {
  return payload !== null && problem?.code !== 'IN_PROGRESS';
}

function outcomeOf<Data>(data: Data | undefined, error: CombinedError | undefined): Outcome<FieldOf<Data>> {
  const payload = (data ? (Object.values(data as object)[0] ?? null) : null) as (FieldOf<Data> & Answer) | null;
  if (error && !payload) return { payload: null, problem: problemOf(error) };
  return { payload, problem: payload ? refusalsOf(payload.userErrors ?? []) : null };
}
