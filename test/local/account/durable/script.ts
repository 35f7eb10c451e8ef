import type { DurableContext } from '@aws/durable-execution-sdk-js';

/** What Lambda gives to every run. */
export interface RunContext {
  getRemainingTimeInMillis(): number;
}

/** What the functions do in the current test. */
export interface Script {
  parent: (event: unknown, context: DurableContext) => Promise<unknown>;
  child: (event: { readonly name: string }, context: RunContext) => Promise<unknown>;
}

const unwritten = (): never => {
  throw new Error('this test has no script for the function');
};

export const script: Script = { parent: unwritten, child: unwritten };
