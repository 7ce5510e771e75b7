import { CloseButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { useT } from '@/i18n';
import classes from './toast.module.css';

interface Toast {
  id: number;
  text: string;
  kind: 'good' | 'bad';
}

let toasts: Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();
function publish(change: Toast[]): void {
  toasts = change;
  for (const listener of listeners) listener();
}

/** Says something in passing; good news leaves by itself, bad news stays until it is closed. */
export function toast(text: string, kind: Toast['kind'] = 'good'): void {
  const id = next++;
  publish([...toasts.slice(-2), { id, text, kind }]);
  if (kind === 'good') setTimeout(() => publish(toasts.filter((each) => each.id !== id)), 5000);
}

export function ToastArea() {
  const t = useT();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={`${classes.area} no-print`} role="status" aria-live="polite">
      {shown.map(({ id, text, kind }) => (
        <div key={id} className={classes.toast} data-kind={kind}>
          {kind === 'good' ? <IconCircleCheck size={20} aria-hidden /> : <IconAlertTriangle size={20} aria-hidden />}
          <span>{text}</span>
          <CloseButton
            size="sm"
            aria-label={t('common.close')}
            onClick={() => publish(toasts.filter((each) => each.id !== id))}
          />
        </div>
      ))}
    </div>
  );
}
