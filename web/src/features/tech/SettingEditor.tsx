import './settingTexts';
import { Button, Group, NumberInput, Switch, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, take } from '@/api/client';
import { asProblem } from '@/api/problem';
import type { Setting } from '@/api/types';
import { useSpeech } from '@/i18n';
import { useFormats } from '@/shared/format';
import { useFieldText } from '@/shared/problems';
import { ErrorNote } from '@/shared/states';
import { toast } from '@/shared/toast';
import { fieldsOfValue, putAt } from './settingValue';
import classes from './tech.module.css';

/** Edits one setting by the form of its value: switches, numbers, texts, and the parts of objects. */
export function SettingEditor({ setting }: { setting: Setting }) {
  const { t, maybe } = useSpeech();
  const fieldText = useFieldText();
  const formats = useFormats();
  const client = useQueryClient();
  const [value, setValue] = useState<unknown>(setting.setting_value);
  const key = setting.setting_key;
  const save = useMutation({
    mutationFn: () =>
      take(
        api.PUT('/api/settings/{setting_key}', {
          params: { path: { setting_key: key } },
          body: { setting_value: value as never },
        }),
      ),
    onSuccess: (changed) => {
      setValue(changed.setting_value);
      toast(t('settings.saved', { key }));
      void client.invalidateQueries({ queryKey: ['settings'] });
      void client.invalidateQueries({ queryKey: ['audit'] });
    },
  });
  const problem = save.error ? asProblem(save.error) : null;
  const changed = JSON.stringify(value) !== JSON.stringify(setting.setting_value);
  return (
    <form
      className={`panel ${classes.setting}`}
      aria-labelledby={`setting-${key}`}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div>
        <Title order={2} fz={15} id={`setting-${key}`} className="mono">
          {key}
        </Title>
        <Text size="sm">{maybe(`setting.${key}`) ?? setting.description}</Text>
        <Text size="xs" c="dimmed">
          {setting.is_default
            ? t('settings.default')
            : t('settings.changed', { time: formats.dateTime(setting.updated_at) })}
        </Text>
      </div>
      {fieldsOfValue(value).map(({ path, value: part }) => (
        <PartField
          key={path.join('.')}
          label={path.length > 0 ? path.map((name) => maybe(`setting.part.${name}`) ?? name).join(' · ') : t('settings.value')}
          value={part}
          onChange={(next) => setValue((old: unknown) => putAt(old, path, next))}
        />
      ))}
      {problem &&
        (problem.errors.length > 0 ? (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {maybe(`setting.wrong.${key}`) ?? fieldText(problem, 'setting_value') ?? problem.message}
          </Text>
        ) : (
          <ErrorNote error={problem} />
        ))}
      <Group>
        <Button type="submit" size="xs" disabled={!changed} loading={save.isPending}>
          {t('common.save')}
        </Button>
        {changed && (
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setValue(setting.setting_value);
              save.reset();
            }}
          >
            {t('common.cancel')}
          </Button>
        )}
      </Group>
    </form>
  );
}

function PartField({ label, value, onChange }: { label: string; value: unknown; onChange: (value: unknown) => void }) {
  if (typeof value === 'boolean') {
    return <Switch label={label} checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />;
  }
  if (typeof value === 'number') {
    return (
      <NumberInput
        label={label}
        value={value}
        hideControls
        onChange={(next) => onChange(typeof next === 'number' ? next : Number(next) || 0)}
      />
    );
  }
  if (Array.isArray(value)) {
    return (
      <Textarea
        label={label}
        autosize
        minRows={2}
        value={value.join('\n')}
        onChange={(event) => onChange(event.currentTarget.value.split('\n'))}
        onBlur={(event) => onChange(event.currentTarget.value.split('\n').filter((line) => line.trim()))}
      />
    );
  }
  const text = String(value ?? '');
  return text.length > 60 ? (
    <Textarea label={label} autosize value={text} onChange={(event) => onChange(event.currentTarget.value)} />
  ) : (
    <TextInput label={label} value={text} onChange={(event) => onChange(event.currentTarget.value)} />
  );
}
