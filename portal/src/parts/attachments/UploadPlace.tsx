// The place to drop files, or to choose them: checked against the limits before they are sent, and sent as one group.
import { useState } from 'react';
import { DropZone, FileTrigger, ProgressBar, Text } from 'react-aria-components';
import { useClient } from 'urql';
import type { Problem } from '../../api/problems.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { Notice, ProblemNotice } from '../../ui/Notice.tsx';
import type { Limits } from './Attachments.tsx';
import { type Complaint, complaintsOf } from './limits.ts';
import { upload } from './upload.ts';

interface UploadPlaceProps {
  parentId: string;
  limits: Limits;
}

export function UploadPlace({ parentId, limits }: UploadPlaceProps) {
  const { t, format } = useTexts();
  const announce = useAnnounce();
  const client = useClient();
  const [files, setFiles] = useState<File[]>([]);
  const [complaints, setComplaints] = useState<Complaint[]>([]);
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const send = async (chosen: File[]) => {
    setFiles(chosen);
    setProblem(null);
    const refused = complaintsOf(chosen, limits);
    setComplaints(refused);
    if (refused.length > 0 || chosen.length === 0) return;
    setShare(0);
    const refusal = await upload(client, { parentId, files: chosen, onProgress: setShare });
    setShare(null);
    setProblem(refusal);
    if (refusal) return;
    setFiles([]);
    announce(t('attachments.added', { count: chosen.length }));
  };
  return (
    <div className="form">
      <DropZone className="drop" onDrop={async (event) => send(await filesOf(event.items))}>
        <Text slot="label">{t('attachments.drop')}</Text>
        <p className="small muted">{t('attachments.limits', { file: format.bytes(limits.maxFileBytes), group: format.bytes(limits.maxGroupBytes) })}</p>
        <FileTrigger allowsMultiple acceptedFileTypes={[...limits.contentTypes]} onSelect={(list) => void send([...(list ?? [])])}>
          <Button isDisabled={share !== null}>{t('attachments.choose')}</Button>
        </FileTrigger>
      </DropZone>
      {share !== null && (
        <ProgressBar className="progress" value={share * 100} aria-label={t('attachments.progress')}>
          <div className="progress-bar" style={{ inlineSize: `${share * 100}%` }} />
        </ProgressBar>
      )}
      {complaints.length > 0 && <Complaints complaints={complaints} />}
      <FileProblems problem={problem} files={files} onRetry={() => void send(files)} />
    </div>
  );
}

function Complaints({ complaints }: { complaints: readonly Complaint[] }) {
  const { t, code } = useTexts();
  return (
    <Notice tone="danger">
      <p>{t('attachments.notSent')}</p>
      <ul>
        {complaints.map(({ file, code: reason }) => (
          <li key={`${reason} ${file?.name}`}>
            {file && <bdi>{`${file.name}: `}</bdi>}
            {code('error', reason)}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

interface FileProblemsProps {
  problem: Problem | null;
  files: readonly File[];
  onRetry: () => void;
}

// The refusals of the gateway, each with the file that its path names; or the problem of the whole.
function FileProblems({ problem, files, onRetry }: FileProblemsProps) {
  if (!problem) return null;
  const complaints = problem.refusals.map(({ code, path }) => ({ code, file: path?.[1] === 'files' ? (files[Number(path[2])] ?? null) : null }));
  return complaints.length > 0 ? <Complaints complaints={complaints} /> : <ProblemNotice problem={problem} onRetry={onRetry} />;
}

type Dropped = { kind: string; getFile?: () => Promise<File> }[];

async function filesOf(items: Dropped): Promise<File[]> {
  const files = items.filter(({ kind }) => kind === 'file').map(({ getFile }) => getFile?.());
  return (await Promise.all(files)).filter((file) => file !== undefined);
}
