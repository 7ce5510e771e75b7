import { TextInput } from '@mantine/core';
import { useT } from '@/i18n';

/** Where the code of an authenticator, or a recovery code, is typed. */
export function CodeInput({
  value,
  error,
  recovery = true,
  onChange,
}: {
  value: string;
  error?: string;
  recovery?: boolean;
  onChange: (value: string) => void;
}) {
  const t = useT();
  return (
    <TextInput
      label={t('factor.code')}
      description={t(recovery ? 'factor.code.text' : 'factor.code.first')}
      name="code"
      autoComplete="one-time-code"
      spellCheck={false}
      required
      data-autofocus
      autoFocus
      maxLength={64}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
