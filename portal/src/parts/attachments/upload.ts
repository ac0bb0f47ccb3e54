// Uploads by the multipart request of GraphQL, which urql makes of files among the variables.
import type { Client } from 'urql';
import { UploadAttachmentsDocument } from '../../api/__generated__/graphql.ts';
import { EVERYTHING } from '../../api/hooks.ts';
import { pressOf } from '../../api/presses.ts';
import { type Problem, problemOf, refusalsOf } from '../../api/problems.ts';
import { trusted } from '../../api/trusted.ts';
import { hold } from '../../live/holds.ts';
import { fetchWithProgress } from './progress.ts';

interface Group {
  parentId: string;
  files: readonly File[];
  onProgress: (share: number) => void;
}

// Browsers may send such a request to other origins without asking; with this header they ask first.
const PREFLIGHT = { 'GraphQL-Require-Preflight': '1' };

// Send a group of files, all or none of which are attached. Return why not, or null. The same files again, after a lost
// answer, have the same idempotency key.
export async function upload(client: Client, { parentId, files, onProgress }: Group): Promise<Problem | null> {
  const press = pressOf('UploadAttachments', { parentId, files: files.map(({ name, size, lastModified }) => [name, size, lastModified]) });
  const variables = { input: { parentId, files: [...files], idempotencyKey: press.input.idempotencyKey } };
  const context = { ...EVERYTHING, fetch: fetchWithProgress(onProgress), fetchOptions: { headers: PREFLIGHT } };
  const release = hold();
  const { data, error } = await client.mutation(trusted(UploadAttachmentsDocument), variables, context).toPromise();
  release();
  const payload = data?.uploadAttachments;
  const problem = payload ? refusalsOf(payload.userErrors) : error ? problemOf(error) : null;
  if (payload && problem?.code !== 'IN_PROGRESS') press.settle();
  return problem;
}
