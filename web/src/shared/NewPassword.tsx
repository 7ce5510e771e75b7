import { PasswordInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useT } from '@/i18n';
import { factsQuery } from './facts';

/** Where a new password is typed or pasted; the server says what it must be. */
export function NewPassword({
  label,
  name,
  value,
  error,
  required = true,
  autoFocus,
  onChange,
}: {
  label: string;
  name?: string;
  value: string;
  error?: string;
  required?: boolean;
  autoFocus?: boolean;
  onChange: (value: string) => void;
}) {
  const t = useT();
  const { data } = useQuery(factsQuery);
  const length = data?.password_minimum_length;
  return (
    <PasswordInput
      label={label}
      description={length === undefined ? ' ' : t('auth.passwordHint', { length })}
      name={name}
      autoComplete="new-password"
      minLength={length}
      required={required}
      autoFocus={autoFocus}
      value={value}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
      visibilityToggleButtonProps={{ 'aria-label': t('auth.showPassword') }}
    />
  );
}
