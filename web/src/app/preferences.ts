import { useMantineColorScheme } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { api, take } from '@/api/client';
import type { Me, Role } from '@/api/types';
import { languages, useSpeech } from '@/i18n';
import { meQuery, useMe } from './session';

export type ThemeChoice = 'light' | 'dark' | 'auto';

/** What a user has chosen; kept on the server with the profile, so that it follows the user to every screen. */
export interface Preferences {
  theme?: ThemeChoice;
  language?: string;
  hotkeys?: Record<string, string>;
  /** Ways in which notifications may also come. */
  channels?: { email?: boolean; sms?: boolean; push?: boolean };
  layout?: { syncPrior?: boolean; heatmapOpacity?: number; autoAdvance?: boolean };
}

/** The choices out of what the server keeps, leaving aside what is not of the form. */
export function preferencesOf(stored: unknown): Preferences {
  return typeof stored === 'object' && stored !== null && !Array.isArray(stored) ? (stored as Preferences) : {};
}

/** The theme for somebody who has chosen none: dark for reading rooms, light for patients. */
export function defaultTheme(role: Role): ThemeChoice {
  return role === 'patient' ? 'light' : 'dark';
}

export function usePreferences() {
  const me = useMe();
  const client = useQueryClient();
  const preferences = preferencesOf(me.user.preferences);
  const { mutate } = useMutation({
    mutationFn: (next: Preferences) =>
      take(api.PATCH('/api/auth/me', { body: { preferences: next as Record<string, never> } })),
    onMutate: (next) => {
      client.setQueryData<Me>(
        meQuery.queryKey,
        (old) => old && { ...old, user: { ...old.user, preferences: next as typeof old.user.preferences } },
      );
    },
    onError: () => client.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
  const change = useCallback(
    (part: Partial<Preferences>) => {
      const latest = client.getQueryData<Me>(meQuery.queryKey);
      mutate({ ...preferencesOf(latest?.user.preferences), ...part });
    },
    [client, mutate],
  );
  return { preferences, change };
}

/** Puts the stored theme and language into force. */
export function useApplyPreferences(): void {
  const me = useMe();
  // Without this Mantine would put a <style> element into the page, which the policy refuses.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const { setLanguage, language } = useSpeech();
  const stored = preferencesOf(me.user.preferences);
  const theme = stored.theme ?? defaultTheme(me.user.role);
  useEffect(() => setColorScheme(theme), [theme, setColorScheme]);
  useEffect(() => {
    if (stored.language && stored.language !== language && languages.includes(stored.language)) {
      setLanguage(stored.language);
    }
    // Only when the stored choice changes: a choice made before signing in stays until then.
  }, [stored.language]);
}
