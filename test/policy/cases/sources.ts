/** Where the behaviour of a case is documented. */
const IAM = 'https://docs.aws.amazon.com/IAM/latest/UserGuide';
const KMS = 'https://docs.aws.amazon.com/kms/latest/developerguide';
const ORGANIZATIONS = 'https://docs.aws.amazon.com/organizations/latest/userguide';

export const EVALUATION = `${KMS}/policy-evaluation.html`;
export const KEY_POLICY = `${KMS}/key-policy-overview.html`;
export const DEFAULT_POLICY = `${KMS}/key-policy-default.html`;
export const EXTERNAL_ACCOUNTS = `${KMS}/key-policy-modifying-external-accounts.html`;
export const KEY_ARNS = `${KMS}/cmks-in-iam-policies.html`;
export const KMS_CONDITIONS = `${KMS}/conditions-kms.html`;
export const GRANTS = `${KMS}/grants.html`;
export const GRANT_CONSTRAINTS = 'https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantConstraints.html';
export const GRANT_RULES = `${KMS}/create-grant-overview.html`;
export const GRANT_OPERATIONS = `${KMS}/grant-authorization.html`;
export const EBS = `${KMS}/services-ebs.html`;
export const KEY_STATE = `${KMS}/key-state.html`;
export const ENDPOINT = `${KMS}/kms-vpc-endpoint.html`;
export const RCP_OF_KMS = `${KMS}/resource-control-policies.html`;

export const LOGIC = `${IAM}/reference_policies_evaluation-logic.html`;
export const DENY_OR_ALLOW = `${IAM}/reference_policies_evaluation-logic_policy-eval-denyallow.html`;
export const CROSS_ACCOUNT = `${IAM}/reference_policies_evaluation-logic-cross-account.html`;
export const BOUNDARIES = `${IAM}/access_policies_boundaries.html`;
export const SESSION_POLICIES = `${IAM}/access_policies.html#policies_session`;
export const PRINCIPAL = `${IAM}/reference_policies_elements_principal.html`;
export const NOT_PRINCIPAL = `${IAM}/reference_policies_elements_notprincipal.html`;
export const RESOURCE = `${IAM}/reference_policies_elements_resource.html`;
export const OPERATORS = `${IAM}/reference_policies_elements_condition_operators.html`;
export const SET_OPERATORS = `${IAM}/reference_policies_condition-single-vs-multi-valued-context-keys.html`;
export const CONDITION_KEYS = `${IAM}/reference_policies_condition-keys.html`;
export const FORWARDED = `${IAM}/access_forward_access_sessions.html`;
export const SERVICE_LINKED = `${IAM}/using-service-linked-roles.html`;

export const SCP = `${ORGANIZATIONS}/orgs_manage_policies_scps.html`;
export const SCP_LEVELS = `${ORGANIZATIONS}/orgs_manage_policies_scps_evaluation.html`;
export const RCP = `${ORGANIZATIONS}/orgs_manage_policies_rcps.html`;

/** Public pages in which key policies are printed. */
export const CADO = 'Cado Response documentation, AWS KMS Support';
export const BLOG = "How To Write KMS Policies That Don't Suck";

/** AWS says nothing of it, so that no sure answer may be given. */
export const NOWHERE = 'not documented by AWS';
