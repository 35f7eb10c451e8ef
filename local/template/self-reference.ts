import { TemplateError } from './template-error.ts';

/** Guards what can refer to itself: work on something fails where the same is under way already. */
export const selfReferenceGuard = () => {
  const open = new Set<string>();
  return <T>(what: string, place: string, work: () => T): T => {
    if (open.has(what)) throw new TemplateError(`${place}: ${what} refers to itself`);
    open.add(what);
    try {
      return work();
    } finally {
      open.delete(what);
    }
  };
};
