import { Stack } from '@mantine/core';
import { PasskeyButton } from '@/shared/PasskeyButton';
import { signInWithPasskey } from '@/shared/passkeys';
import { useEnter } from './useEnter';

/** Ways to sign in without a password of the portal. */
export function OtherWays() {
  const enter = useEnter();
  return (
    <Stack>
      <PasskeyButton act={signInWithPasskey} onDone={() => void enter()} />
    </Stack>
  );
}
