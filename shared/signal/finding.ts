import * as z from 'zod';
import { Envelope, instant, parse } from './envelope.ts';
import { AccountId, InstanceId, KeyArn, Region, volumeIdIn } from './identifiers.ts';
import { fitsRolePattern } from './role-pattern.ts';

/** GuardDuty's word for its events on the bus. */
export const FINDING_DETAIL_TYPE = 'GuardDuty Finding';

const text = z.string().max(2_048);

/** GuardDuty writes some booleans as text. */
const Flag = z.union([z.boolean(), z.string()]).transform((value) => value === true || value === 'true');

/** https://docs.aws.amazon.com/guardduty/latest/APIReference/API_VolumeDetail.html */
const ScannedVolume = z.object({ volumeArn: text, kmsKeyArn: text.nullish(), encryptionType: text.nullish() });

/** What a group of findings names. https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ResourceV2.html */
const SequenceResource = z.object({
  resourceType: text,
  uid: text.nullish(),
  accountId: AccountId.nullish().catch(null),
  region: Region.nullish().catch(null),
});

/** Most resources that a group names. https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Sequence.html */
const MOST_RESOURCES = 400;

/** https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html */
const Detail = z.object({
  // The delegated administrator's bus gets the findings of its members too: the account that matters is this one.
  accountId: AccountId,
  region: Region,
  id: z.string().min(1).max(128),
  type: z.string().min(1).max(256),
  severity: z.number().min(0).max(10),
  title: text.default(''),
  updatedAt: z.string().max(64),
  resource: z
    .object({
      instanceDetails: z.object({ instanceId: InstanceId.nullish() }).nullish(),
      ebsVolumeDetails: z
        .object({
          scannedVolumeDetails: z.array(ScannedVolume).nullish(),
          skippedVolumeDetails: z.array(ScannedVolume).nullish(),
        })
        .nullish(),
    })
    .default({}),
  service: z
    .object({
      archived: Flag.default(false),
      additionalInfo: z.object({ sample: Flag.nullish(), value: z.string().max(65_536).nullish() }).nullish(),
      detection: z
        .object({
          sequence: z.object({ resources: z.array(SequenceResource).max(MOST_RESOURCES).nullish() }).nullish(),
        })
        .nullish(),
    })
    .default({ archived: false }),
});
type Detail = z.output<typeof Detail>;

/** A volume that GuardDuty's malware protection looked at, or could not look at. */
export const FoundVolume = z.object({
  volumeId: z.string(),
  accountId: AccountId,
  region: Region,
  keyArn: KeyArn.nullable(),
  scanned: z.boolean(),
});
export type FoundVolume = z.infer<typeof FoundVolume>;

export const FoundInstance = z.object({ accountId: AccountId, region: Region, instanceId: InstanceId });
export type FoundInstance = z.infer<typeof FoundInstance>;

/** What a finding is, without what it is about. */
export const FindingFacts = z.object({
  id: z.string(),
  type: z.string(),
  severity: z.number(),
  title: z.string(),
  accountId: AccountId,
  region: Region,
  /** ISO 8601 in UTC; a finding that repeats is the same, updated later. */
  updatedAt: z.string(),
});
export type FindingFacts = z.infer<typeof FindingFacts>;

export interface Finding extends FindingFacts {
  /** A group of findings names several. */
  readonly instances: readonly FoundInstance[];
  readonly volumes: readonly FoundVolume[];
}

export type FindingReading = { readonly finding: Finding } | { readonly ignored: string };

/** Which findings matter. */
export interface FindingWatch {
  readonly severity: number;
  /** `*` for any run of characters; empty: all. */
  readonly types: readonly string[];
}

const Sample = z.object({ sample: z.literal(true) });

const saysSample = (json: string): boolean => {
  try {
    return Sample.safeParse(JSON.parse(json)).success;
  } catch {
    return false;
  }
};

/** A sample names machines that do not exist. https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html */
const isSample = ({ service: { additionalInfo } }: Detail): boolean =>
  additionalInfo?.sample === true || saysSample(additionalInfo?.value ?? '');

const whyIgnored = (detail: Detail, { severity, types }: FindingWatch): string | null => {
  if (isSample(detail)) return 'it is a sample finding';
  if (detail.service.archived) return 'the finding is archived';
  if (detail.severity < severity) return `its severity, ${detail.severity}, is below ${severity}`;
  if (types.length > 0 && !types.some((type) => fitsRolePattern(detail.type, type)))
    return `\`${detail.type}\` is not among the types that are watched`;
  return null;
};

const instanceIdIn = (uid: string): InstanceId | null =>
  InstanceId.safeParse(/(?:^|\/)(i-[0-9a-f]{8,17})$/.exec(uid)?.[1]).data ?? null;

const ofSequence = ({ accountId, region, service }: Detail): FoundInstance[] =>
  (service.detection?.sequence?.resources ?? []).flatMap((resource) => {
    const instanceId = resource.resourceType === 'EC2_INSTANCE' ? instanceIdIn(resource.uid ?? '') : null;
    if (instanceId === null) return [];
    return [{ accountId: resource.accountId ?? accountId, region: resource.region ?? region, instanceId }];
  });

const instancesIn = (detail: Detail): readonly FoundInstance[] => {
  const { accountId, region, resource } = detail;
  const instanceId = resource.instanceDetails?.instanceId ?? null;
  const named = instanceId === null ? [] : [{ accountId, region, instanceId }];
  return [...new Map([...named, ...ofSequence(detail)].map((one) => [one.instanceId, one])).values()];
};

/** GuardDuty's own documents have other accounts and Regions in a volume's ARN than in the finding: the ARN's are its own. */
const volumesIn = ({ accountId, region, resource }: Detail): readonly FoundVolume[] => {
  const { scannedVolumeDetails, skippedVolumeDetails } = resource.ebsVolumeDetails ?? {};
  const volumesOf = (list: readonly z.output<typeof ScannedVolume>[] | null | undefined, scanned: boolean) =>
    (list ?? []).flatMap(({ volumeArn, kmsKeyArn }): FoundVolume[] => {
      const [, , , at, owner] = volumeArn.split(':');
      const volumeId = volumeIdIn(volumeArn);
      if (volumeId === null) return [];
      return [
        {
          volumeId,
          accountId: AccountId.safeParse(owner).data ?? accountId,
          region: Region.safeParse(at).data ?? region,
          keyArn: KeyArn.safeParse(kmsKeyArn).data ?? null,
          scanned,
        },
      ];
    });
  return [...volumesOf(scannedVolumeDetails, true), ...volumesOf(skippedVolumeDetails, false)];
};

/**
 * Reads one EventBridge event of GuardDuty: the finding, or why it is left alone.
 * @throws MalformedEventError where the event fits no schema; the message names the field.
 */
export const readFinding = (event: unknown, watch: FindingWatch): FindingReading => {
  const envelope = parse(Envelope, event, '');
  if (envelope['detail-type'] !== FINDING_DETAIL_TYPE)
    return { ignored: `\`${envelope['detail-type']}\` is no finding of GuardDuty` };
  const detail = parse(Detail, envelope.detail, 'detail');
  const ignored = whyIgnored(detail, watch);
  if (ignored !== null) return { ignored };
  const instances = instancesIn(detail);
  const volumes = volumesIn(detail);
  if (instances.length === 0 && volumes.length === 0) return { ignored: 'it names no instance and no volume' };
  const { id, type, severity, title, accountId, region, updatedAt } = detail;
  const updated = instant(updatedAt) ?? instant(envelope.time) ?? updatedAt;
  return { finding: { id, type, severity, title, accountId, region, updatedAt: updated, instances, volumes } };
};
