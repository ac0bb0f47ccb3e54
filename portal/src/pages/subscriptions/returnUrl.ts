import { usePortal } from '../../app/context.ts';

// Where a page that linked to an action wants the customer back, if the merchant allows its origin.
export function useReturnUrl(): string | null {
  const { returnOrigins } = usePortal();
  const wanted = new URLSearchParams(location.search).get('return');
  const url = wanted && URL.canParse(wanted) ? new URL(wanted) : null;
  return url && returnOrigins.includes(url.origin) ? url.href : null;
}
