import { type RunContext, script } from '../../script.ts';

/** Seen when it was loaded: the template gives these to this function, and to no other. */
const { NAMED, CHILD } = process.env;

/** Runs of this environment so far. */
let runs = 0;

export const handler = async (event: { readonly name: string }, context: RunContext): Promise<unknown> => {
  runs += 1;
  if (event.name === 'settings') return { NAMED, CHILD };
  if (event.name === 'count') return runs;
  return script.child(event, context);
};
