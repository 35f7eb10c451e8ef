import type { Saying } from '#shared/policy/authorize';
import type { Diagnosis, Fix } from './diagnosis.ts';
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
  const where = statement === null ? '' : `: statement ${statement.sid ?? statement.index} of ${statement.policy}`;
  return `  ${MARKS[said]} ${LAYER_WORDS[layer].padEnd(31)}${SAYING_WORDS[said]}${where}`;
};

const indented = (text: string): readonly string[] => text.split('\n').map((line) => `     ${line}`);

/** Statements for the same place stand together, under one note. */
const fixLines = ({ layer, target, statement, note }: Fix, index: number, all: readonly Fix[]): readonly string[] => {
  const before = all[index - 1];
  const goesOn = before?.target === target && before.note === note;
  return [
    ...(goesOn ? [] : ['', `  ${LAYER_WORDS[layer]}: ${target}`, ...indented(note)]),
    ...(statement === null ? [] : indented(JSON.stringify(statement, null, 2))),
  ];
};

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
  ...section('What would let it pass (Unlatch changes no policy by itself):', fixes.flatMap(fixLines)),
];
