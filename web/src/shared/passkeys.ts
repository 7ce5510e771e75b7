import { useQuery } from '@tanstack/react-query';
import { api, take } from '@/api/client';
import { Problem } from '@/api/problem';
import type { PasskeyAnswer, PasskeyCreation, PasskeyMade, PasskeyRequest } from '@/api/types';
import { factsQuery } from './facts';

/** Whether passkeys can be used: with this browser, at this address of this portal. */
export function useHasPasskeys(): boolean {
  const { data } = useQuery(factsQuery);
  return Boolean(data?.passkeys) && typeof PublicKeyCredential !== 'undefined';
}

const bytes = (text: string) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const text = (buffer: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const described = (passkeys: { id: string; transports: string[] }[]): PublicKeyCredentialDescriptor[] =>
  passkeys.map(({ id, transports }) => ({
    type: 'public-key',
    id: bytes(id),
    transports: transports as AuthenticatorTransport[],
  }));

/** What the authenticator gave, or a problem in words: browsers say little of why there is nothing. */
async function given(asked: Promise<Credential | null>): Promise<PublicKeyCredential> {
  let code = 'passkey_cancelled';
  try {
    const credential = await asked;
    if (credential) return credential as PublicKeyCredential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === 'InvalidStateError') code = 'passkey_taken';
    if (error.name === 'SecurityError') code = 'passkeys_not_set_up';
  }
  throw new Problem({ status: 0, code });
}

/** Has an authenticator make a passkey. */
export async function makePasskey(options: PasskeyCreation): Promise<PasskeyMade> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: described(options.excludeCredentials),
  } as PublicKeyCredentialCreationOptions;
  const credential = await given(navigator.credentials.create({ publicKey }));
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

async function prove(options: PasskeyRequest): Promise<PasskeyAnswer> {
  const publicKey = {
    ...options,
    challenge: bytes(options.challenge),
    allowCredentials: described(options.allowCredentials),
  } as PublicKeyCredentialRequestOptions;
  const credential = await given(navigator.credentials.get({ publicKey }));
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    id: text(credential.rawId),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle && text(response.userHandle),
    },
  };
}

/** Signs in with a passkey. */
export async function signInWithPasskey(): Promise<void> {
  const options = await take(api.POST('/api/auth/login/passkey/options', { body: {} }));
  await take(api.POST('/api/auth/login/passkey', { body: await prove(options) }));
}

/** A passkey in place of a code, after the password. */
export async function secondFactorByPasskey(challenge: string): Promise<void> {
  const options = await take(api.POST('/api/auth/login/passkey/options', { body: { challenge } }));
  const passkey = await prove(options);
  await take(api.POST('/api/auth/login/second', { body: { challenge, passkey } }));
}

/** A passkey in place of a code or the password, to prove who is there. */
export async function stepUpByPasskey(): Promise<void> {
  const options = await take(api.POST('/api/auth/step-up/options'));
  await take(api.POST('/api/auth/step-up', { body: { passkey: await prove(options) } }));
}
