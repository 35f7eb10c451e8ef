import { CEILING, type CopyInTime, copyInTime, DISKS } from './copy-in-time.ts';

const LEAST_OF_CEILING = 0.95;
const MOST_OPERATIONS = 3_000;

const duration = (seconds: number): string =>
  `${Math.floor(seconds / 3_600)} h ${String(Math.round((seconds % 3_600) / 60)).padStart(2, '0')} min`;
const thousands = (count: number): string => count.toLocaleString('en');
const dollars = (amount: number): string => `$${amount.toFixed(2)}`;

const ROWS: readonly (readonly [string, (copy: CopyInTime) => string])[] = [
  ['blocks written', ({ blocks }) => thousands(blocks)],
  ['copied in', ({ copySeconds }) => duration(copySeconds)],
  [`of ${thousands(CEILING)} blocks/s`, ({ ofCeiling }) => `${(100 * ofCeiling).toFixed(1)} %`],
  ['verified in', ({ verifySeconds }) => duration(verifySeconds)],
  ['runs of workers', ({ runs }) => thousands(runs)],
  ['durable operations', ({ operations }) => thousands(operations)],
  ['ListSnapshotBlocks', ({ requests }) => thousands(requests.list)],
  ['GetSnapshotBlock', ({ requests }) => thousands(requests.get)],
  ['PutSnapshotBlock', ({ requests }) => thousands(requests.put)],
  ['EBS direct APIs', ({ dollars: { ebs } }) => dollars(ebs)],
  ['Lambda', ({ dollars: { lambda } }) => dollars(lambda)],
];

/** Prints the copies in virtual time. @returns what they miss */
export const printInTime = (): readonly string[] => {
  const copies = Object.values(DISKS).map((disk) => ({ disk, copy: copyInTime(disk) }));
  const line = (name: string, cells: readonly string[]): void => {
    process.stdout.write(`${name.padEnd(22)}${cells.map((cell) => cell.padStart(22)).join('')}\n`);
  };
  process.stdout.write('\n');
  line(
    'in virtual time',
    copies.map(({ disk }) => disk.name),
  );
  for (const [name, cell] of ROWS)
    line(
      name,
      copies.map(({ copy }) => cell(copy)),
    );
  return copies.flatMap(({ disk, copy }) => [
    ...(copy.ofCeiling >= LEAST_OF_CEILING
      ? []
      : [`${disk.name}: ${(100 * copy.ofCeiling).toFixed(1)} % of the quota, expected ${100 * LEAST_OF_CEILING} %`]),
    ...(copy.operations < MOST_OPERATIONS
      ? []
      : [`${disk.name}: ${copy.operations} durable operations, expected less than ${MOST_OPERATIONS}`]),
  ]);
};
