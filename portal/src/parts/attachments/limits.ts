// What the gateway would refuse, said before anything is sent. Its own answer counts; this saves the customer the wait.
import type { Limits } from './Attachments.tsx';

export interface Complaint {
  file: File | null;
  code: string;
}

type Sizes = Pick<Limits, 'maxFileBytes' | 'maxGroupBytes' | 'maxGroupFiles'>;

export function complaintsOf(files: readonly File[], limits: Sizes): Complaint[] {
  const complaints: Complaint[] = files.flatMap((file) => {
    if (file.size === 0) return [{ file, code: 'EMPTY_FILE' }];
    return file.size > limits.maxFileBytes ? [{ file, code: 'FILE_TOO_LARGE' }] : [];
  });
  if (files.length > limits.maxGroupFiles) complaints.push({ file: null, code: 'TOO_MANY_FILES' });
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > limits.maxGroupBytes) complaints.push({ file: null, code: 'GROUP_TOO_LARGE' });
  return complaints;
}
