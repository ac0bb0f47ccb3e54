// What the merchant says about the portal, in portal.json beside the pages.
import { LANGUAGES, type Language } from '../i18n/languages.ts';

export interface DemoCustomer {
  name: string;
  about: string;
  email: string;
  password: string;
}

export interface PortalConfig {
  name: string;
  logoUrl: string | null;
  accent: string;
  radius: number;
  links: { label: string; url: string }[];
  languages: Language[];
  // Actions of customers that are not offered, such as CANCEL or DELETE_METHOD.
  hiddenActions: string[];
  // Origins to which `?return=` may lead back.
  returnOrigins: string[];
  endpoint: string;
  processor: 'sandbox' | 'stripe';
  demo: DemoCustomer[];
}

const DEFAULTS: PortalConfig = {
  name: 'Portico',
  logoUrl: null,
  accent: '#2f5d50',
  radius: 10,
  links: [],
  languages: Object.keys(LANGUAGES) as Language[],
  hiddenActions: [],
  returnOrigins: [],
  endpoint: '/graphql',
  processor: 'sandbox',
  demo: [],
};

export async function loadPortal(): Promise<PortalConfig> {
  const response = await fetch('/portal.json', { credentials: 'same-origin' });
  const configured = response.ok ? ((await response.json()) as Partial<PortalConfig>) : {};
  return { ...DEFAULTS, ...configured };
}
