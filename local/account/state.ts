/**
 * What the embedded AWS account keeps: the accounts, roles, keys, volumes, snapshots and instances of a scenario.
 * One process holds several accounts and Regions; a resource names the account and Region it lives in.
 */

export interface PolicyDocument {
  readonly Version?: string | undefined;
  readonly Statement: readonly unknown[];
}

export interface NamedPolicy {
  /** Of a role: an ARN is that of a managed policy, attached to it; any other name is an inline policy's. */
  readonly name: string;
  readonly document: PolicyDocument;
  /** The document as it was put, to the letter; absent: as JSON writes it. */
  readonly text?: string;
}

/** One version of a managed policy. */
export interface PolicyVersion {
  readonly versionId: string;
  readonly document: PolicyDocument;
  readonly text: string;
  readonly createdAt: Date;
}

/** A managed policy, once IAM has been asked about its versions or they were changed. */
export interface ManagedPolicy {
  readonly arn: string;
  readonly versions: readonly PolicyVersion[];
  readonly defaultVersionId: string;
  /** Number of the next version: ids are never given twice. */
  readonly next: number;
}

export interface IamState {
  /** Seconds for which reads may still show what was before a change. */
  lagSeconds: number;
  /** By ARN. */
  readonly managed: Map<string, ManagedPolicy>;
}

export interface Role {
  readonly accountId: string;
  readonly name: string;
  readonly arn: string;
  /** The `AROA…` unique id, first half of a session's principalId. */
  readonly uniqueId: string;
  readonly identityPolicies: NamedPolicy[];
  readonly permissionsBoundary: PolicyDocument | null;
  /** Who may assume it: role ARNs. Empty: nobody but the scenario itself. */
  readonly trustedArns: readonly string[];
  /** Absent: none. */
  tags?: Readonly<Record<string, string>>;
}

export interface RoleSession {
  readonly role: Role;
  readonly sessionName: string;
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
  readonly arn: string;
  readonly accessKeyId: string;
  readonly sessionPolicy: PolicyDocument | null;
  /** Of the VPC endpoint through which it calls KMS; absent: it calls over the internet. */
  readonly endpointPolicy?: PolicyDocument | null;
  readonly startedAt: Date;
}

export type KeyState =
  | 'Creating'
  | 'Enabled'
  | 'Disabled'
  | 'PendingDeletion'
  | 'PendingReplicaDeletion'
  | 'PendingImport'
  | 'Unavailable';

export interface Grant {
  readonly grantId: string;
  readonly granteePrincipal: string;
  readonly retiringPrincipal: string | null;
  readonly operations: readonly string[];
  readonly encryptionContextSubset: Readonly<Record<string, string>> | null;
  readonly encryptionContextEquals: Readonly<Record<string, string>> | null;
}

export interface Key {
  readonly accountId: string;
  readonly region: string;
  readonly keyId: string;
  readonly arn: string;
  readonly manager: 'CUSTOMER' | 'AWS';
  readonly policy: PolicyDocument;
  readonly aliases: string[];
  readonly grants: Grant[];
  /** Absent: none. */
  readonly tags?: Tags | undefined;
  /** Absent: before the scenario began, nobody knows when. */
  readonly createdAt?: Date | undefined;
  /** Of a multi-Region key: the ARN of its primary, which is its own where it is the primary. */
  readonly primaryArn?: string | undefined;
  state: KeyState;
  /** How its deletion was scheduled. */
  deletion?: { readonly windowDays: number; readonly date: Date } | undefined;
}

export type Tags = Record<string, string>;

/**
 * What a disk holds: blocks by index, 524,288 bytes each. A block that is written anew is replaced, never changed in
 * place: volumes and snapshots share it.
 */
export interface Contents {
  readonly blocks: ReadonlyMap<number, Buffer>;
  /** What reads where no block is; absent: zeros. `noise`: an encrypted snapshot that EBS direct left holes in. */
  readonly holes?: 'zeros' | 'noise' | undefined;
}

export interface Attachment {
  readonly instanceId: string;
  readonly device: string;
  /** Absent: `attached`. */
  state?: 'attaching' | 'attached' | 'detaching';
}

export interface Volume extends Contents {
  readonly volumeId: string;
  readonly accountId: string;
  readonly region: string;
  /** Availability zone; absent: the first of the Region. */
  readonly zone?: string | undefined;
  readonly sizeGiB: number;
  /** Absent: `gp3`. */
  readonly volumeType?: string | undefined;
  readonly keyArn: string | null;
  readonly snapshotId: string | null;
  readonly blocks: Map<number, Buffer>;
  readonly tags: Tags;
  state: 'creating' | 'available' | 'in-use' | 'deleting';
  attachment: Attachment | null;
}

/** What EBS direct is still writing into a snapshot. */
export interface Upload {
  readonly timeoutMs: number;
  lastActivity: Date;
  /** Index → SHA-256 of what was written, in base64. */
  readonly written: Map<number, string>;
}

export interface Snapshot extends Contents {
  readonly snapshotId: string;
  /** The owner. */
  readonly accountId: string;
  readonly region: string;
  /** `vol-ffffffff` for a copy, as AWS reports it. */
  readonly volumeId: string;
  readonly sizeGiB: number;
  readonly keyArn: string | null;
  readonly description: string;
  readonly startTime: Date;
  readonly sharedWith: Set<string>;
  readonly tags: Tags;
  blocks: Map<number, Buffer>;
  /** Until it is sealed. Absent or `null`: nothing can be written into it. */
  upload?: Upload | null;
  state: 'pending' | 'completed' | 'error';
  stateMessage: string | null;
}

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface Instance {
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
  /** Availability zone; absent: the first of the Region. */
  readonly zone?: string | undefined;
  readonly platform: 'linux' | 'windows';
  readonly privateIp: string | null;
  readonly tags: Tags;
  readonly blockDevices: { device: string; volumeId: string }[];
  /** `null`: no agent has ever registered. */
  readonly agent: { pingStatus: 'Online' | 'ConnectionLost' | 'Inactive' } | null;
  /** The guest's files, path → text: what a collector can find there. */
  readonly files: Readonly<Record<string, string>>;
  state: InstanceState;
  stateReason: { code: string; message: string } | null;
}

/** Policies of the organisation above one account, root first. */
export interface OrganizationPolicies {
  readonly serviceControlPolicies: readonly { target: string; policies: readonly NamedPolicy[] }[];
  readonly resourceControlPolicies: readonly { target: string; policies: readonly NamedPolicy[] }[];
}

/** Who may read the organisation's policies, beside the permission to. */
export interface OrganizationHead {
  managementAccount: string;
  readonly delegatedAdministrators: Set<string>;
}

/** An endpoint's policy can be read; no call of the scale model comes through one. */
export interface VpcEndpoint {
  readonly vpcEndpointId: string;
  readonly accountId: string;
  readonly region: string;
  /** `kms` */
  readonly service: string;
  readonly policy: PolicyDocument;
}

/** A trail that reaches into an account and Region. */
export interface Trail {
  readonly accountId: string;
  readonly region: string;
  readonly arn: string;
  readonly isLogging: boolean;
  readonly readWriteType: 'All' | 'ReadOnly' | 'WriteOnly';
  readonly excluded: readonly string[];
}

/** A management event as CloudTrail keeps it, of an account and Region. */
export interface KeptEvent {
  readonly accountId: string;
  readonly region: string;
  readonly time: Date;
  /** ARNs of the resources that it names; IAM names its own by their names. */
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface State {
  readonly history: KeptEvent[];
  /** By account id. */
  readonly organization: Map<string, OrganizationPolicies>;
  readonly organizationHead: OrganizationHead;
  /** By ARN. */
  readonly roles: Map<string, Role>;
  readonly iam: IamState;
  /** ARNs of roles that are linked to a service. */
  readonly linkedRoles: Set<string>;
  /** By access key id. */
  readonly sessions: Map<string, RoleSession>;
  /** By ARN. */
  readonly keys: Map<string, Key>;
  readonly volumes: Map<string, Volume>;
  readonly snapshots: Map<string, Snapshot>;
  readonly instances: Map<string, Instance>;
  readonly vpcEndpoints: Map<string, VpcEndpoint>;
  /** `<account>/<region>` where EBS encryption by default is on. */
  readonly encryptionByDefault: Set<string>;
  readonly trails: Trail[];
  /** The state of a rule, by its name, where it is not as the template says. */
  readonly ruleStates: Map<string, string>;
}

export const emptyState = (): State => ({
  history: [],
  organization: new Map(),
  // An account of its own, as AWS recommends.
  organizationHead: { managementAccount: '888899990000', delegatedAdministrators: new Set() },
  roles: new Map(),
  iam: { lagSeconds: 2, managed: new Map() },
  linkedRoles: new Set(),
  sessions: new Map(),
  keys: new Map(),
  volumes: new Map(),
  snapshots: new Map(),
  instances: new Map(),
  vpcEndpoints: new Map(),
  encryptionByDefault: new Set(),
  trails: [],
  ruleStates: new Map(),
});
