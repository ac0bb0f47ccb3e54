// The addresses of attached pictures, for thumbnails. They are signed and change, so they are no part of the page's data.
import { useQuery } from 'urql';
import { DownloadsDocument } from '../../api/__generated__/graphql.ts';
import { trusted } from '../../api/trusted.ts';
import { urlOf } from '../download.ts';

interface AttachedFile {
  id: string;
  contentType: string;
  status: string;
}

export function usePictures(files: readonly AttachedFile[]): Map<string, string> {
  const ids = files.filter(({ contentType, status }) => status === 'STORED' && contentType.startsWith('image/')).map(({ id }) => id);
  const [{ data }] = useQuery({ query: trusted(DownloadsDocument), variables: { ids }, pause: ids.length === 0, requestPolicy: 'cache-first' });
  return new Map((data?.nodes ?? []).flatMap((node) => (node && urlOf(node) ? [[node.id, urlOf(node) ?? '']] : [])));
}
