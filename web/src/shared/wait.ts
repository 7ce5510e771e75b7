/** A time of waiting, split for display. */
export interface Wait {
  unit: 'minutes' | 'hours' | 'days';
  value: number;
}

/** How long something has waited: minutes below two hours, hours below two days, then days. Never below 0. */
export function waitSince(from: string | number | Date, now: number): Wait {
  const minutes = Math.max(0, Math.floor((now - new Date(from).getTime()) / 60_000));
  if (minutes < 120) return { unit: 'minutes', value: minutes };
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return { unit: 'hours', value: hours };
  return { unit: 'days', value: Math.floor(hours / 24) };
}

/** Minutes and seconds until a moment, as `4:05`; `0:00` once it is over. */
export function countdown(until: number, now: number): string {
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
