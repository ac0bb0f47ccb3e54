import { createContext, useContext } from 'react';
import type { PortalConfig } from '../brand/portal.ts';

export const PortalContext = createContext<PortalConfig | null>(null);

export function usePortal(): PortalConfig {
  const portal = useContext(PortalContext);
  if (!portal) throw new Error('usePortal needs a PortalContext.');
  return portal;
}
