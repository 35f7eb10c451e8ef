import { nearMisses } from '#shared/policy/near-miss';
import type { StatementRef } from '#shared/policy/policy';
import { oneLine } from '#shared/policy/policy-error';
import { arnOf } from '#shared/policy/principal';
import type { Denial, Layer } from '#shared/signal/signal';
import type { Said } from './agreement.ts';
import type { Simulation } from './simulation.ts';

/** The sentences of a diagnosis. */

/** Names of statements and policies are somebody else's text: they stay in their line. */
export const statementInWords = ({ policy, sid, index }: StatementRef): string =>
  oneLine(`statement ${sid === null ? index : `\`${sid}\``} of ${policy}`);

/** The first of a list, and how many more there are. */
export const listed = (items: readonly string[], most: number): readonly string[] =>
  items.length <= most ? items : [...items.slice(0, most), `${items.length - most} more`];

/** The same at the head of a sentence. */
export const sentenceOf = (statement: StatementRef): string => `S${statementInWords(statement).slice(1)}`;

/** @example layerInWords('key-policy') // 'the key policy' */
export const layerInWords = (layer: Layer): string => `the ${layer.replaceAll('-', ' ')}`;

/** Who was refused what, or would be, on which key. */
export const subjectOf = (denial: Denial | null, simulation: Simulation | null): string => {
  const action = denial?.action ?? simulation?.request.action ?? 'an action it does not name';
  const key = denial?.keyArn ?? simulation?.request.resource ?? 'a key it does not name';
  const principal = denial?.principal ?? (simulation === null ? null : arnOf(simulation.request.principal));
  const verb = denial === null ? 'refuses' : 'refused';
  const service = action.startsWith('iam:') ? 'IAM' : 'KMS';
  return `${service} ${verb} ${action} on ${key} to ${principal ?? 'a principal it does not name'}`;
};

const carriedInWords = (carried: readonly string[] | null | undefined): string => {
  if (carried === undefined) return 'of which the value is not known';
  return carried === null
    ? 'which the request does not carry'
    : `where the request carries \`${carried.join('`, `')}\``;
};

const MOST_TOLD = 3;

/** A condition that does not hold reads exactly like a missing allow: what comes close is worth a sentence. */
export const closeCalls = (layer: Layer, { request, facts }: Simulation): string =>
  nearMisses(layer, request, facts)
    .slice(0, MOST_TOLD)
    .map(({ statement, fails }) => {
      const keys = fails.map(({ key, carried }) => `\`${key}\`, ${carriedInWords(carried)}`);
      return ` ${sentenceOf(statement)} would allow it, but for its condition on ${keys.join(', and on ')}.`;
    })
    .join('');

/** For a layer that was not read. */
export const CONDITION_CAVEAT =
  ' A condition that does not match (kms:ViaService, the encryption context) reads exactly like a missing allow.';

const SAID: Readonly<Record<Said, string>> = {
  allows: 'allows it',
  delegates: 'leaves it to IAM',
  silent: 'is silent',
  denies: 'denies it',
  'not-asked': 'does not bind it',
  'passed-over': 'is silent, and KMS allows it all the same',
};

const SINCE = 'It has changed since, or the request carried something that is not known here';

export const disagreement = (layer: Layer, said: Said): string =>
  ` The facts do not agree: as they are read now, ${layerInWords(layer)} ${SAID[said]}. ${SINCE}.`;

export const NOTHING_REFUSES = `, and the facts do not agree: as they are read now, every layer lets it pass. ${SINCE}.`;
