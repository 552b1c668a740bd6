import type { KeyObject } from 'node:crypto';

export interface DoubleAccount {
  readonly url: string;
  key: KeyObject;
  thumbprint: string;
  status: 'valid' | 'deactivated';
}

export interface DoubleAuthorization {
  readonly url: string;
  readonly name: string;
  readonly wildcard: boolean;
  readonly token: string;
  status: 'pending' | 'processing' | 'valid' | 'invalid';
  /** The type of the challenge that was answered. */
  answered?: 'dns-01' | 'dns-persist-01';
  /** The fields of the dns-persist-01 challenge, where it is offered. */
  readonly persist: object | undefined;
  problem?: object;
}

export interface DoubleOrder {
  readonly url: string;
  readonly account: DoubleAccount;
  readonly names: readonly string[];
  readonly profile: string | undefined;
  readonly replaces: string | undefined;
  readonly authorizations: readonly DoubleAuthorization[];
  status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  certificate?: DoubleCertificate;
  problem?: object;
}

export interface DoubleCertificate {
  readonly url: string;
  readonly order: DoubleOrder;
  readonly certId: string;
  /** PEM, leaf and intermediate. */
  readonly chain: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  revoked: boolean;
}

export function orderBody(order: DoubleOrder): object {
  return {
    status: order.status,
    identifiers: order.names.map((value) => ({ type: 'dns', value })),
    authorizations: order.authorizations.map(({ url }) => url),
    finalize: `${order.url}/finalize`,
    expires: new Date(Date.now() + 86_400_000).toISOString(),
    ...(order.profile === undefined ? {} : { profile: order.profile }),
    ...(order.replaces === undefined ? {} : { replaces: order.replaces }),
    ...(order.problem === undefined ? {} : { error: order.problem }),
    ...(order.certificate === undefined ? {} : { certificate: order.certificate.url }),
  };
}

export function authorizationBody(authorization: DoubleAuthorization): object {
  const { status, name, wildcard } = authorization;
  return {
    status: status === 'processing' ? 'pending' : status,
    identifier: { type: 'dns', value: name },
    ...(wildcard ? { wildcard } : {}),
    challenges: [
      challengeBody(authorization),
      ...(authorization.persist === undefined ? [] : [persistBody(authorization)]),
    ],
  };
}

export function challengeBody(authorization: DoubleAuthorization): object {
  const { url, token } = authorization;
  return {
    type: 'dns-01',
    url: url.replace('/authorization/', '/challenge/'),
    token,
    ...progressOf(authorization, 'dns-01'),
  };
}

/** It has no token (draft-ietf-acme-dns-persist §3.1). */
export function persistBody(authorization: DoubleAuthorization): object {
  return {
    type: 'dns-persist-01',
    url: authorization.url.replace('/authorization/', '/persist/'),
    ...authorization.persist,
    ...progressOf(authorization, 'dns-persist-01'),
  };
}

/** A challenge that nobody answered stays as it is (RFC 8555 §7.1.6). */
function progressOf({ status, answered, problem }: DoubleAuthorization, type: string): object {
  if (answered !== type) return { status: 'pending' };
  return { status, ...(problem === undefined ? {} : { error: problem }) };
}
