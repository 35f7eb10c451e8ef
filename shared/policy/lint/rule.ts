import type { Subject, SubjectKind, Written } from './subject.ts';

/** How grave: what breaks or opens a key; what is probably not meant; what makes a policy harder to read. */
export type Severity = 'error' | 'warning' | 'note';

/** What takes the place of a statement: none, one or two. */
export interface Mend {
  /** Whether it allows exactly what the statement did, or less. There is none that allows more. */
  readonly effect: 'same' | 'narrower';
  readonly becomes: readonly Written[];
}

/** What a rule finds. */
export interface Found {
  /** Place of the statement, from 0; `null` for the policy as a whole. */
  readonly statement: number | null;
  readonly message: string;
  readonly mend?: Mend;
}

/** One rule, for one reason. */
export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  readonly kinds: readonly SubjectKind[];
  /** In a few words, what the rule asks for. */
  readonly title: string;
  /** Why it matters. */
  readonly reason: string;
  /** Where that is written. */
  readonly source: string;
  readonly check: (subject: Subject) => readonly Found[];
}

/** What KMS's guide says, and the essay that most of the style is from. */
const KMS = 'https://docs.aws.amazon.com/kms/latest/developerguide';
const IAM = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
export const SOURCES = {
  essay: "How To Write KMS Policies That Don't Suck",
  cado: 'Cado Response documentation, AWS KMS Support',
  cadoTightening: 'Cado Response documentation, Removing and Tightening IAM Permissions',
  defaultPolicy: `${KMS}/key-policy-default.html`,
  keyPolicy: `${KMS}/key-policy-overview.html`,
  leastPrivilege: `${KMS}/least-privilege.html`,
  viaService: `${KMS}/conditions-kms.html#conditions-kms-via-service`,
  callerAccount: `${KMS}/conditions-kms.html#conditions-kms-caller-account`,
  grantIsForAwsResource: `${KMS}/conditions-kms.html#conditions-kms-grant-is-for-aws-resource`,
  actions: 'https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html',
  ebs: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html',
  notPrincipal: `${IAM}/reference_policies_elements_notprincipal.html`,
  principal: `${IAM}/reference_policies_elements_principal.html`,
  uniqueIds: `${IAM}/reference_identifiers.html#identifiers-unique-ids`,
} as const;
