import { readFileSync } from 'node:fs';
import { Origin } from '#shared/case/case';
import { readSignal } from '#shared/signal/read-signal';
import type { Signal } from '#shared/signal/signal';

const watch = { responseRole: '*CadoResponse*', ownRoles: [] };

/** The signal that a sample event gives, by its path below `events`, without `.json`. */
export const sample = (path: string): Signal => {
  const reading = readSignal(JSON.parse(readFileSync(`events/${path}.json`, 'utf8')), watch);
  if ('ignored' in reading) throw new Error(`${path}: ${reading.ignored}`);
  return reading.signal;
};

export const call = sample('aws.ec2/create-volume');
export const denial = sample('aws.kms/create-grant-not-allowed-by-key-policy');
export const origin = Origin.parse({
  accountId: '444455556666',
  region: 'eu-west-3',
  instanceId: 'i-0123456789abcdef0',
  volumeId: 'vol-0123456789abcdef0',
  snapshotId: null,
});
