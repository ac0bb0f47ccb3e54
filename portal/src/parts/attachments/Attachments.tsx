// The files of an invoice or a schedule: what is there, and a place to add more.
import { useState } from 'react';
import type { InvoiceQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { DeleteAttachmentDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import type { NodeWith } from '../../api/nodes.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Empty, Section } from '../../ui/Section.tsx';
import { ActionButton } from '../ActionButton.tsx';
import { type ActionState, useActionState } from '../actions.ts';
import { useDownloadOf } from '../download.ts';
import { usePictures } from './pictures.ts';
import { UploadPlace } from './UploadPlace.tsx';

type InvoiceNode = NodeWith<Complete<InvoiceQuery>['node'], 'attachments'>;
type Attachment = InvoiceNode['attachments']['nodes'][number];
export type Limits = InvoiceQuery['limits'];

interface AttachmentsProps {
  parent: { id: string; availableActions: readonly ActionState[]; attachments: { nodes: readonly Attachment[] } };
  limits: Limits;
}

export function Attachments({ parent, limits }: AttachmentsProps) {
  const { t, code } = useTexts();
  const pictures = usePictures(parent.attachments.nodes);
  const state = useActionState()(parent.availableActions, 'UPLOAD_ATTACHMENTS');
  return (
    <Section title={t('attachments.title')}>
      {parent.attachments.nodes.length === 0 && <Empty>{t('attachments.none')}</Empty>}
      <ul className="rows">
        {parent.attachments.nodes.map((attachment) => (
          <AttachmentRow key={attachment.id} attachment={attachment} picture={pictures.get(attachment.id)} />
        ))}
      </ul>
      {state?.allowed && <UploadPlace parentId={parent.id} limits={limits} />}
      {state && !state.allowed && <p className="small muted">{code('error', state.reason ?? '', state.message ?? '')}</p>}
    </Section>
  );
}

function AttachmentRow({ attachment, picture }: { attachment: Attachment; picture?: string }) {
  const { t, format } = useTexts();
  const announce = useAnnounce();
  const stateOf = useActionState();
  const { fileName } = attachment;
  const download = useDownloadOf(attachment.id);
  const remove = useAction(DeleteAttachmentDocument);
  const [isAsking, setAsking] = useState(false);
  const confirm = async () => {
    const { payload } = await remove.run({ attachmentId: attachment.id });
    if (payload?.deletedAttachmentId) announce(t('attachments.deleted', { name: fileName }));
  };
  const canDelete = stateOf(attachment.availableActions, 'DELETE');
  return (
    <li>
      <Thumbnail attachment={attachment} picture={picture} />
      <div className="row-text">
        <p className="row-title">
          <bdi>{fileName}</bdi>
          {attachment.status !== 'STORED' && <StatusPill status={attachment.status} />}
        </p>
        <p className="small muted">
          {t('attachments.detail', { size: format.bytes(attachment.sizeBytes), date: format.dayOf(attachment.uploadedAt), by: t(`uploader.${attachment.uploadedBy}`) })}
        </p>
        <ProblemNotice problem={download.problem ?? remove.problem} />
      </div>
      <div className="row-end">
        {attachment.status === 'STORED' && (
          <Button variant="quiet" aria-label={t('attachments.downloadOf', { name: fileName })} isPending={download.isPending} onPress={() => void download.start()}>
            {t('download')}
          </Button>
        )}
        {canDelete && attachment.uploadedBy === 'CUSTOMER' && !isAsking && (
          <ActionButton state={canDelete} variant="quiet" label={t('attachments.deleteOf', { name: fileName })} onPress={() => setAsking(true)}>
            {t('delete')}
          </ActionButton>
        )}
        {isAsking && (
          <>
            <Button variant="danger" autoFocus isPending={remove.isPending} onPress={() => void confirm()}>
              {t('attachments.deleteConfirm')}
            </Button>
            <Button variant="quiet" onPress={() => setAsking(false)}>
              {t('cancel')}
            </Button>
          </>
        )}
      </div>
    </li>
  );
}

// A small picture of a picture, and a sheet with the kind of any other file.
function Thumbnail({ attachment, picture }: { attachment: Attachment; picture?: string }) {
  if (picture) return <img className="thumbnail" src={picture} alt="" loading="lazy" />;
  return (
    <span className="thumbnail" aria-hidden="true">
      {attachment.contentType.split('/')[1]?.slice(0, 4).toUpperCase()}
    </span>
  );
}
