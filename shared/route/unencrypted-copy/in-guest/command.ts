import type { Document } from '#shared/route/ssm-triage/assess';
import type { VolumeId } from '#shared/signal/identifiers';
import { checked, powerShellQuote, shQuote, wholeSeconds } from '../../shell-quoting.ts';
import linux from './script/linux.sh';
import windows from './script/windows.ps1';

/** What the copier is told. Every value is quoted for its shell, whoever chose it. */
export interface CopyInput {
  readonly caseId: string;
  readonly source: VolumeId;
  readonly target: VolumeId;
  /** The size of both volumes. */
  readonly bytes: number;
  /** What Systems Manager gives the command, whole seconds: the copier stops itself shortly before. */
  readonly runSeconds: number;
  /**
   * Blocks of zeros are not written. Only for a target that reads as zeros where nothing was written; what is read back
   * must agree in any case.
   */
  readonly sparse: boolean;
}

/** A new volume is measured in GiB (Amazon EC2 API reference, "CreateVolume"), and the copier checks its MiB. */
const MEBIBYTE = 2 ** 20;

const wholeMebibytes = (bytes: number): number => {
  if (!Number.isSafeInteger(bytes) || bytes < MEBIBYTE || bytes % MEBIBYTE !== 0)
    throw new RangeError(`\`${bytes}\` bytes are not the size of a volume`);
  return bytes;
};

const RENDERERS = {
  'AWS-RunShellScript': ({ caseId, source, target, bytes, runSeconds, sparse }) =>
    [
      `UNLATCH_CASE=${shQuote(checked(caseId))}`,
      `UNLATCH_SOURCE_VOLUME=${shQuote(checked(source))}`,
      `UNLATCH_TARGET_VOLUME=${shQuote(checked(target))}`,
      `UNLATCH_BYTES=${wholeMebibytes(bytes)}`,
      `UNLATCH_RUN_SECONDS=${wholeSeconds(runSeconds)}`,
      `UNLATCH_SPARSE=${sparse ? 1 : 0}`,
      linux,
    ].join('\n'),
  'AWS-RunPowerShellScript': ({ caseId, source, target, bytes, runSeconds, sparse }) =>
    [
      `$UnlatchCase = ${powerShellQuote(checked(caseId))}`,
      `$UnlatchSourceVolume = ${powerShellQuote(checked(source))}`,
      `$UnlatchTargetVolume = ${powerShellQuote(checked(target))}`,
      `$UnlatchBytes = ${wholeMebibytes(bytes)}`,
      `$UnlatchRunSeconds = ${wholeSeconds(runSeconds)}`,
      `$UnlatchSparse = ${sparse ? '$true' : '$false'}`,
      windows,
    ].join('\n'),
} as const satisfies Record<Document, (input: CopyInput) => string>;

/** The script that Systems Manager runs on the instance: the values, quoted, and the copier behind them. */
export const renderCopyCommand = (document: Document, input: CopyInput): string => RENDERERS[document](input);
