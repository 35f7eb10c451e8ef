import { oneLine } from '#shared/policy/policy-error';
import { FEATURES, type Standing } from './catalogue.ts';
import type { Change } from './narrowing.ts';
import type { Tightened, Tightening } from './tighten.ts';

const CHANGES: Readonly<Record<Change, string>> = {
  'feature-removed': 'left out: no feature in use needs it',
  'commands-by-tag': 'commands only to machines with the tag',
  'use-through-service': 'keys only through EC2',
  'grants-for-aws-resources': 'grants only for AWS resources',
  'temporary-keys-by-alias': 'temporary keys by their alias',
  'actions-in-use': 'in place of a glob, the actions in use',
};

const whichOf = ({ policy, statement, sid }: Standing): string =>
  `${oneLine(policy)}, ${sid === null ? `statement ${statement}` : `\`${oneLine(sid)}\``}`;

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

const policyLines = ({ name, document }: Tightened): readonly string[] =>
  document === null
    ? ['', `${oneLine(name)}: nothing is left of it; take it from the role`]
    : ['', `${oneLine(name)}:`, JSON.stringify(document, null, 2)];

/** A tightening for people. */
export const tighteningInWords = ({
  policies,
  changes,
  notMade,
  proof,
  lost,
  survey,
  features,
}: Tightening): readonly string[] => {
  const changed = policies.filter(({ isChanged }) => isChanged);
  const allowed = proof.filter(({ after }) => after === 'yes');
  const others = proof.filter(({ after }) => after !== 'yes');
  return [
    changed.length === 0 ? 'Nothing can be narrowed.' : `Narrower: ${changed.length} of ${policies.length} policies.`,
    `In use: ${features.length === 0 ? 'nothing that is known' : features.join(', ')}.`,
    ...changed.flatMap(policyLines),
    ...section(
      'Changed:',
      changes.map((change) => `${whichOf(change)}: ${change.changes.map((one) => CHANGES[one]).join('; ')}`),
    ),
    ...section(
      'Not changed, because it would refuse what is in use:',
      notMade.map((change) => `${whichOf(change)}: ${change.wouldRefuse}`),
    ),
    ...section('Simulated before and after:', [
      `${allowed.length} of ${proof.length} requests of the features in use are allowed by the role's policies`,
      ...others.map(
        ({ action, words, before }) =>
          `${action}, ${words}: ${before === 'no' ? 'was not allowed before either' : 'cannot be told'}`,
      ),
    ]),
    ...section(
      'No longer allowed:',
      lost.map(({ way, actions }) => `${way}: ${actions.join(', ')}`),
    ),
    ...section(
      'No published statement is there for:',
      survey.missing.map(({ feature, sids }) => `${feature} (${FEATURES[feature]}): ${sids.join(' or ')}`),
    ),
    ...section(
      'Kept, or narrowed by what is simulated, and in no catalogue:',
      survey.strange.map((standing) => whichOf(standing)),
    ),
  ];
};
