import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useT } from '@/i18n';
import classes from './Dialog.module.css';

/**
 * A dialog over the page. Mantine's own head would be a second banner landmark, and its scroll lock a `<style>` element
 * that the policy refuses; this does without both.
 */
export function Dialog({
  opened = true,
  onClose,
  title,
  size,
  centered,
  withCloseButton = true,
  children,
}: {
  opened?: boolean;
  onClose: () => void;
  title: string;
  size?: string;
  centered?: boolean;
  withCloseButton?: boolean;
  children: ReactNode;
}) {
  const t = useT();
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered={centered} lockScroll={false}>
      <Modal.Overlay />
      <Modal.Content>
        <div className={classes.head}>
          <Modal.Title>{title}</Modal.Title>
          {withCloseButton && <Modal.CloseButton aria-label={t('common.close')} />}
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
