import type { EmergencyAccess } from '@/api/types';

/** Whether an access is over, by hand or by itself. */
export function isOver(access: EmergencyAccess, now = Date.now()): boolean {
  return Boolean(access.ended_at) || Date.parse(access.ends_at) <= now;
}
