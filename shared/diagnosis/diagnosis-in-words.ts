import { oneLine } from '#shared/policy/policy-error';
import type { Saying } from '#shared/policy/trace';
import type { Diagnosis } from './diagnosis.ts';
import { statementInWords } from './explanation.ts';
import { byPlace, type FixPlace } from './fix-places.ts';
import { LAYER_WORDS, SAYING_WORDS } from './layer-words.ts';

const MARKS: Readonly<Record<Saying['said'], string>> = {
  allows: '+',
  delegates: '+',
  silent: '-',
  denies: 'x',
  unknown: '?',
  'not-asked': ' ',
};

const stationOf = ({ layer, said, statement }: Saying): string => {
  const where = statement === null ? '' : `: ${statementInWords(statement)}`;
  return `  ${MARKS[said]} ${LAYER_WORDS[layer].padEnd(31)}${SAYING_WORDS[said]}${where}`;
};

const indented = (text: string): readonly string[] => text.split('\n').map((line) => `     ${line}`);

const placeLines = ({ layer, target, note, statements }: FixPlace): readonly string[] => [
  '',
  `  ${LAYER_WORDS[layer]}: ${oneLine(target)}`,
  ...indented(note),
  ...statements.flatMap((statement) => indented(JSON.stringify(statement, null, 2))),
];

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

/** A diagnosis as lines: the cause, the way through the layers, what is not known, what to do. */
export const diagnosisInWords = ({
  decision,
  explanation,
  cause,
  trace,
  missing,
  fixes,
}: Diagnosis): readonly string[] => [
  explanation,
  `decision: ${decision}${cause === null || cause === decision ? '' : `, cause: ${cause}`}`,
  ...section('What each layer says:', trace.map(stationOf)),
  ...section(
    'What is missing for a sure answer:',
    missing.map((item) => `  ${item}`),
  ),
  ...section('What would let it pass (Unlatch changes no policy by itself):', byPlace(fixes).flatMap(placeLines)),
];
