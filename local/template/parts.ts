import type { EventPattern } from '../account/event-pattern.ts';
import type { PolicyDocument } from '../account/state.ts';

/** What the embedded account takes from a template. */
export interface Template {
  readonly rules: readonly TemplateRule[];
  readonly functions: readonly TemplateFunction[];
  readonly parameters: readonly TemplateParameter[];
}

export interface TemplateRule {
  readonly name: string;
  readonly functionLogicalId: string;
  readonly pattern: EventPattern;
  /** The pattern as it is deployed, JSON. */
  readonly patternText: string;
  /** Its state is ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS. */
  readonly readOnlyToo: boolean;
  readonly enabled: boolean;
}

export interface TemplateFunction {
  readonly logicalId: string;
  /** Its folder in `functions/`. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly durable: boolean;
  /** Whether it runs by the clock. */
  readonly scheduled: boolean;
  /** Its inline policies; managed policies and SAM policy templates are left out. */
  readonly policies: readonly PolicyDocument[];
}

export interface TemplateParameter {
  readonly name: string;
  readonly type: string;
  readonly default: string | undefined;
  readonly description: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly allowedValues: readonly string[] | undefined;
}

/** Where the stack is thought to be. */
export interface Known {
  readonly accountId: string;
  readonly region: string;
  readonly partition?: 'aws';
  readonly stackName?: string;
}
