import type { GeneratedRequest } from './generated-requests.ts';
import {
  addresses,
  allAddresses,
  anyIfExists,
  askedOfList,
  dates,
  emptyLists,
  listsOfOne,
  missingVariables,
  notResourcesMissing,
  oldVariables,
  patternAsText,
  starsOverColons,
  textBehindNumbers,
  variablesInBool,
  variablesOfLists,
  wildcardsBrought,
} from './respelled-conditions.ts';
import {
  allowedByLeavingOut,
  everyoneNamed,
  leftOutInPart,
  sessionNamed,
  sessionUnknown,
} from './respelled-principals.ts';
import type { Respelling } from './respelling.ts';

/**
 * Where the authorizer and iam-simulate differ, and AWS's documentation sides with the authorizer or with neither.
 *
 * An entry excuses no more than its own situation: it respells the request so that only that situation is gone, and the
 * answer of iam-simulate to the respelled request has to be the authorizer's answer to the request as it was.
 */
export interface Disagreement {
  readonly claim: string;
  /** `null` where the situation is not there. */
  readonly respelled: (request: GeneratedRequest) => Respelling | null;
  readonly ours: string;
  readonly theirs: string;
  readonly judge: { readonly page: string; readonly says: string };
}

const IAM = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const VARIABLES = `${IAM}/reference_policies_variables.html`;
const OPERATORS = `${IAM}/reference_policies_elements_condition_operators.html`;
const SEVERAL_VALUES = `${IAM}/reference_policies_condition-single-vs-multi-valued-context-keys.html`;
const RESOURCES = `${IAM}/reference_policies_elements_resource.html`;
const LIMITS = `${IAM}/reference_policies_evaluation-logic_policy-eval-denyallow.html`;
const NOT_PRINCIPAL = `${IAM}/reference_policies_elements_notprincipal.html`;
const PRINCIPALS = `${IAM}/reference_policies_elements_principal.html`;

export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    claim: 'before version 2012-10-17 a variable is literal text',
    respelled: oldVariables,
    ours: 'reads the characters as they are written',
    theirs: 'replaces variables whatever the version says',
    judge: {
      page: VARIABLES,
      says: 'in a policy of an earlier version variables are treated as literal strings',
    },
  },
  {
    claim: 'a negated operator holds where the variable in its value is missing',
    respelled: missingVariables,
    ours: 'the value fits nothing, so that the negated operator holds',
    theirs: 'neither the operator nor its negation holds',
    judge: {
      page: VARIABLES,
      says: 'where the variable has no value, a negated operator such as StringNotEquals does match',
    },
  },
  {
    claim: 'a variable whose key has several values is undetermined',
    respelled: variablesOfLists,
    ours: 'undetermined',
    theirs: 'nothing fits',
    judge: {
      page: VARIABLES,
      says: 'keys with one value can be variables; what one with several values does is not said',
    },
  },
  {
    claim: 'a wildcard in the value of a variable is undetermined',
    respelled: wildcardsBrought,
    ours: 'undetermined',
    theirs: 'it stands for itself',
    judge: {
      page: VARIABLES,
      says: 'a star can be written as a variable to be literal; whether one that a variable brings along is, the page does not say',
    },
  },
  {
    claim: 'a variable in a Bool condition is undetermined',
    respelled: variablesInBool,
    ours: 'undetermined',
    theirs: 'replaces it',
    judge: {
      page: OPERATORS,
      says: 'the section on Boolean operators takes variables, and the page on variables does not',
    },
  },
  {
    claim: 'a NotResource whose variable is missing is undetermined',
    respelled: notResourcesMissing,
    ours: 'undetermined',
    theirs: 'it leaves nothing out',
    judge: { page: VARIABLES, says: 'such a resource matches no resource; of NotResource nothing is said' },
  },
  {
    claim: 'a star that has to reach over a colon is undetermined in a resource',
    respelled: starsOverColons,
    ours: 'undetermined',
    theirs: 'it never reaches over one',
    judge: {
      page: RESOURCES,
      says: 'a star at the end of a segment can expand beyond the colon; older pages keep it within',
    },
  },
  {
    claim: 'a list of one value is that value',
    respelled: listsOfOne,
    ours: 'a plain operator asks the one value',
    theirs: 'it never holds, negated or not',
    judge: {
      page: SEVERAL_VALUES,
      says: 'whether a key is single-valued or multivalued depends on the number of values in the request context',
    },
  },
  {
    claim: 'a plain operator on several values is undetermined where one of them satisfies it',
    respelled: askedOfList,
    ours: 'undetermined, and where no value satisfies it, it does not hold',
    theirs: 'it never holds, negated or not',
    judge: {
      page: SEVERAL_VALUES,
      says: 'keys with several values require ForAllValues or ForAnyValue; what happens without is not said',
    },
  },
  {
    claim: 'ForAnyValue with IfExists is undetermined where the key is missing',
    respelled: anyIfExists,
    ours: 'undetermined',
    theirs: 'it does not hold',
    judge: { page: OPERATORS, says: 'IfExists holds where the key is missing, and ForAnyValue does not' },
  },
  {
    claim: 'an empty list is a missing key',
    respelled: emptyLists,
    ours: 'a key without values is not there',
    theirs: 'Null and the negated operators find it there',
    judge: { page: OPERATORS, says: 'Null is false where the key exists and its value is not null' },
  },
  {
    claim: 'a date in seconds and a date in words are on one scale',
    respelled: dates,
    ours: 'compares moments',
    theirs: 'compares the seconds of one with the milliseconds of the other',
    judge: { page: OPERATORS, says: 'dates are ISO 8601 or epoch time, which counts seconds' },
  },
  {
    claim: 'a number with text behind it is undetermined',
    respelled: textBehindNumbers,
    ours: 'undetermined',
    theirs: 'reads the number and leaves the text out',
    judge: { page: OPERATORS, says: 'numeric values are integers or decimals; what else does is not said' },
  },
  {
    claim: 'an address without a length is a block of one',
    respelled: addresses,
    ours: 'takes the whole address',
    theirs: 'neither the operator nor its negation holds for an address of the other kind',
    judge: { page: OPERATORS, says: 'an address without a prefix length has the length /32' },
  },
  {
    claim: 'the block of all addresses takes in every address',
    respelled: allAddresses,
    ours: 'takes in every address',
    theirs: 'takes in none',
    judge: { page: OPERATORS, says: 'blocks are in CIDR notation, where the length tells how many bits are compared' },
  },
  {
    claim: 'a pattern that is no ARN is undetermined in an ARN condition where it fits as text',
    respelled: patternAsText,
    ours: 'undetermined',
    theirs: 'neither the operator nor its negation holds',
    judge: { page: OPERATORS, says: 'each of the six parts is checked separately; what fewer than six do is not said' },
  },
  {
    claim: 'a session policy does not limit what the key policy gives to the session itself',
    respelled: sessionNamed,
    ours: 'allowed',
    theirs: 'a session policy that does not allow denies whatever the key policy says',
    judge: {
      page: LIMITS,
      says: 'neither boundary nor session policy implicitly denies what is given to the session ARN',
    },
  },
  {
    claim: 'whether boundary and session policy limit what the key policy gives to everyone is undetermined',
    respelled: everyoneNamed,
    ours: 'undetermined',
    theirs: 'the session policy limits it and the boundary does not',
    judge: {
      page: PRINCIPALS,
      says: 'a star includes all users and roles of the account; of their limits nothing is said',
    },
  },
  {
    claim: 'a NotPrincipal that lists some of the names of the caller is undetermined',
    respelled: leftOutInPart,
    ours: 'undetermined',
    theirs: 'one of the names is enough',
    judge: { page: NOT_PRINCIPAL, says: 'session, role and account have to be listed, or the request might be denied' },
  },
  {
    claim: 'a NotPrincipal that allows is undetermined',
    respelled: allowedByLeavingOut,
    ours: 'undetermined',
    theirs: 'it allows everyone else',
    judge: { page: NOT_PRINCIPAL, says: 'NotPrincipal must be used with Deny' },
  },
  {
    claim: 'a key policy that names a session is undetermined for a role of which no session is known',
    respelled: sessionUnknown,
    ours: 'undetermined',
    theirs: 'the role is not the session',
    judge: {
      page: PRINCIPALS,
      says: 'a session ARN stands for that session only, and a role acts through sessions only',
    },
  },
];
