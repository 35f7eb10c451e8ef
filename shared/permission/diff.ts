import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import type { PolicyEdit } from './plan.ts';

/** Documents without line breaks are one line to a diff: both sides are laid out before they are compared. */
const laidOut = (document: string | null): string => {
  if (document === null) return '';
  if (document.includes('\n')) return document.endsWith('\n') ? document : `${document}\n`;
  try {
    return `${JSON.stringify(JSON.parse(document), null, 2)}\n`;
  } catch {
    return `${document}\n`;
  }
};

const AFTERWARDS = {
  'put-inline': 'after',
  'delete-inline': 'deleted',
  'new-version': 'after',
  detach: 'detached',
} as const satisfies Record<PolicyEdit['act'], string>;

/** A unified diff of an edit, for people. The documents themselves stand in the report to the letter. */
export const diffOf = ({ policy, act, before, after }: Omit<PolicyEdit, 'taken'>): string =>
  createTwoFilesPatch(policy, policy, laidOut(before), laidOut(after), 'before', AFTERWARDS[act], {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  });
