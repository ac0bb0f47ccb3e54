// What a page says above its content, by a parameter of its address: why a link led there. It is gone with the next page.
export const NOTICES = ['link-invalid', 'email-not-confirmed'] as const;

export type PageNotice = (typeof NOTICES)[number];

const PARAMETER = 'notice';

export function withNotice(path: string, notice: PageNotice): string {
  const url = new URL(path, location.origin);
  url.searchParams.set(PARAMETER, notice);
  return url.pathname + url.search;
}

export function noticeIn(parameters: URLSearchParams): PageNotice | undefined {
  return NOTICES.find((candidate) => candidate === parameters.get(PARAMETER));
}
