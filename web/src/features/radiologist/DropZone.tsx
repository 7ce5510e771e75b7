import { Button, Group, Text } from '@mantine/core';
import { IconCamera, IconFolderOpen, IconPhotoUp, IconUpload } from '@tabler/icons-react';
import { type DragEvent, useRef, useState } from 'react';
import { useT } from '@/i18n';
import classes from './radiologist.module.css';

/** The files of a drop, folders walked through. */
async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry): entry is FileSystemEntry => entry != null);
  if (entries.length === 0) return [...transfer.files];
  const found: File[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return;
      for (const child of batch) await walk(child);
    }
  };
  for (const entry of entries) await walk(entry);
  return found;
}

/** Takes films by drop, from files, from a folder, or from the camera. */
export function DropZone({ onFiles }: { onFiles: (files: File[]) => void }) {
  const t = useT();
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const camera = useRef<HTMLInputElement>(null);
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFiles(await filesOf(event.dataTransfer));
  };
  const input = (ref: typeof files, label: string, extra: Record<string, unknown>) => (
    <input
      ref={ref}
      type="file"
      hidden
      aria-label={label}
      onChange={(event) => {
        onFiles([...(event.currentTarget.files ?? [])]);
        event.currentTarget.value = '';
      }}
      {...extra}
    />
  );
  return (
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void drop(event)}
    >
      <IconPhotoUp size={48} stroke={1.2} aria-hidden />
      <Text fw={600} fz="lg">
        {t('upload.drop')}
      </Text>
      <Text size="sm" c="dimmed">
        {t('upload.drop.text')}
      </Text>
      <Group justify="center">
        <Button leftSection={<IconUpload size={18} aria-hidden />} onClick={() => files.current?.click()}>
          {t('upload.files')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconFolderOpen size={18} aria-hidden />}
          onClick={() => folder.current?.click()}
        >
          {t('upload.folder')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconCamera size={18} aria-hidden />}
          onClick={() => camera.current?.click()}
        >
          {t('upload.camera')}
        </Button>
      </Group>
      {input(files, t('upload.files'), { multiple: true })}
      {input(folder, t('upload.folder'), { multiple: true, webkitdirectory: '' })}
      {input(camera, t('upload.camera'), { accept: 'image/*', capture: 'environment' })}
    </div>
  );
}
