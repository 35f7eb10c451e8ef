import { KeyArn } from '#shared/signal/identifiers';

/** What a copy is made under: a key of the operator, one that is made for the case, or the account's own for EBS. */
export type CopyKey =
  | { readonly kind: 'evidence'; readonly keyArn: KeyArn }
  | { readonly kind: 'temporary' }
  | { readonly kind: 'default' };

/** The copies of a volume: on its way through the target account, and where it ends. */
export interface Places {
  /** Under which key the disk leaves the target account; `null` where it stands in Unlatch's own already. */
  readonly passage: CopyKey | null;
  readonly final: CopyKey;
  /** The Region in which the last copy stands. */
  readonly finalRegion: string;
  /** Where keys must be made for the case; the first is the primary, where there are two. */
  readonly temporaryIn: readonly string[];
}

export interface Circumstances {
  readonly ownAccount: string;
  readonly target: { readonly accountId: string; readonly region: string };
  /** Where the platform reads. */
  readonly platform: { readonly accountId: string; readonly region: string };
  /** Empty for none. */
  readonly evidenceKeyArn: string;
  /** Whether the evidence key lets the target account's side copy under it. */
  readonly evidenceKeyAdmitsTarget: boolean;
}

const keyIn = (evidenceKeyArn: string, region: string): KeyArn | null => {
  const key = KeyArn.safeParse(evidenceKeyArn).data ?? null;
  return key?.split(':')[3] === region ? key : null;
};

/**
 * Where a disk is copied, and under which keys. It ends in Unlatch's account, out of the reach of whoever holds the
 * target's: under the evidence key; else, where the platform reads in that same account, under the account's own key for
 * EBS; else under a key made for the case, which must then stay as long as the copy does. A snapshot under a default key
 * cannot leave its account, so it is copied there first, under a key that both sides may use.
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html
 */
export const placesOf = (circumstances: Circumstances): Places => {
  const { ownAccount, target, platform, evidenceKeyArn, evidenceKeyAdmitsTarget } = circumstances;
  const here = keyIn(evidenceKeyArn, platform.region);
  const final: CopyKey =
    here !== null
      ? { kind: 'evidence', keyArn: here }
      : platform.accountId === ownAccount
        ? { kind: 'default' }
        : { kind: 'temporary' };
  const there = evidenceKeyAdmitsTarget ? keyIn(evidenceKeyArn, target.region) : null;
  const passage: CopyKey | null =
    target.accountId === ownAccount
      ? null
      : there !== null
        ? { kind: 'evidence', keyArn: there }
        : { kind: 'temporary' };
  const temporaryIn = [
    ...(passage?.kind === 'temporary' ? [target.region] : []),
    ...(final.kind === 'temporary' ? [platform.region] : []),
  ];
  return { passage, final, finalRegion: platform.region, temporaryIn: [...new Set(temporaryIn)] };
};
