import { checked, powerShellQuote, shQuote, wholeSeconds } from '../shell-quoting.ts';
import type { Document } from './assess.ts';
import linux from './collector/linux.sh';
import windows from './collector/windows.ps1';

/** What a collector is told. Every value is quoted for its shell, whoever chose it. */
export interface CollectorInput {
  readonly caseId: string;
  readonly uploadUrl: string;
  /** A path or URL of a memory tool on or for the host; empty for none. */
  readonly memoryTool: string;
  readonly maxBytes: number;
  /** What Systems Manager gives the command, whole seconds: the collector leaves the last part of it to the upload. */
  readonly runSeconds: number;
}

const RENDERERS = {
  'AWS-RunShellScript': ({ caseId, uploadUrl, memoryTool, maxBytes, runSeconds }) =>
    [
      `UNLATCH_CASE=${shQuote(checked(caseId))}`,
      `UNLATCH_UPLOAD_URL=${shQuote(checked(uploadUrl))}`,
      `UNLATCH_MEMORY_TOOL=${shQuote(checked(memoryTool))}`,
      `UNLATCH_MAX_BYTES=${Math.floor(maxBytes)}`,
      `UNLATCH_RUN_SECONDS=${wholeSeconds(runSeconds)}`,
      linux,
    ].join('\n'),
  'AWS-RunPowerShellScript': ({ caseId, uploadUrl, memoryTool, maxBytes, runSeconds }) =>
    [
      `$UnlatchCase = ${powerShellQuote(checked(caseId))}`,
      `$UnlatchUploadUrl = ${powerShellQuote(checked(uploadUrl))}`,
      `$UnlatchMemoryTool = ${powerShellQuote(checked(memoryTool))}`,
      `$UnlatchMaxBytes = ${Math.floor(maxBytes)}`,
      `$UnlatchRunSeconds = ${wholeSeconds(runSeconds)}`,
      windows,
    ].join('\n'),
} as const satisfies Record<Document, (input: CollectorInput) => string>;

/** The name of the archive that a collector sends. */
export const archiveName = (document: Document): string =>
  document === 'AWS-RunShellScript' ? 'triage.tar.gz' : 'triage.zip';

/** The script that Systems Manager runs on the instance: the values, quoted, and the collector behind them. */
export const renderCommand = (document: Document, input: CollectorInput): string => RENDERERS[document](input);
