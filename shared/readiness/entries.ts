import type { FleetInstance, FleetVolume } from '#shared/aws/fleet';
import type { KeyRecord } from '#shared/diagnosis/facts-record';
import { type Forecast, forecast } from '#shared/diagnosis/forecast';
import type { Known } from '#shared/policy/known';
import { lintPolicy } from '#shared/policy/lint/lint';
import { PolicyError } from '#shared/policy/policy-error';
import { assess, type TagCondition } from '#shared/route/ssm-triage/assess';
import { copyTarget, type EncryptionByDefault } from '#shared/route/unencrypted-copy/target';
import type { Settings } from '#shared/settings';
import { accountOfArn, regionOfArn } from './arns.ts';
import type { Asked } from './asked.ts';
import type { Situation } from './examination.ts';
import type { OutlookEntry, RouteOpenness, Row } from './report.ts';
import { type Outlook, type Verdict, worstOf } from './verdict.ts';
import type { Place } from './ways.ts';

/** `<account>/<region>/<key>`, with a word in the key's place where there is none. */
export const situationId = ({ accountId, region, encrypted, keyArn }: Situation): string =>
  `${accountId}/${region}/${keyArn ?? (encrypted ? 'unnamed' : 'none')}`;

const WITHOUT_KEY: Readonly<Record<string, boolean>> = { none: false, unnamed: true };

export const situationOf = (id: string): Situation => {
  const [accountId = '', region = '', ...key] = id.split('/');
  const named = key.join('/');
  const encrypted = WITHOUT_KEY[named];
  return encrypted === undefined
    ? { accountId, region, encrypted: true, keyArn: named }
    : { accountId, region, encrypted, keyArn: null };
};

/** Tags are for finding a machine again: a few, and not whole essays. */
const MOST_TAGS = 12;
const TAG_CHARACTERS = 120;
const cut = (text: string): string => text.slice(0, TAG_CHARACTERS);

const volumeEntry = (place: Place, { volumeId, device, encrypted, keyArn }: FleetVolume) => ({
  volumeId,
  device,
  situation: situationId({ ...place, encrypted, keyArn }),
});

/** A machine as the report keeps it. */
export const rowOf = ({ target, pingStatus, volumes }: FleetInstance, tag: TagCondition): Row => {
  const agent = pingStatus === null ? null : { pingStatus };
  const assessed = assess(target, { known: true, agent }, tag);
  const { accountId, region } = target;
  return {
    accountId,
    region,
    instanceId: target.instanceId,
    name: target.name === null ? null : cut(target.name),
    state: target.state,
    platform: target.platform,
    tags: Object.fromEntries(
      Object.entries(target.tags)
        .filter(([key]) => key !== 'Name')
        .slice(0, MOST_TAGS)
        .map(([key, value]) => [cut(key), cut(value)]),
    ),
    triage: { open: assessed.open, because: null, remedy: null, ...(assessed.open ? {} : because(assessed)) },
    volumes: volumes.map((volume) => volumeEntry({ accountId, region }, volume)),
  };
};

const because = ({ because, remedy }: { readonly because: string; readonly remedy: string | null }) => ({
  because,
  remedy,
});

/** A volume that hangs on nothing. */
export const loneRowOf = (place: Place, volume: FleetVolume): Row => ({
  accountId: place.accountId,
  region: place.region,
  instanceId: null,
  name: null,
  state: 'available',
  platform: 'unknown',
  tags: {},
  triage: { open: false, because: 'the volume is attached to no instance', remedy: null },
  volumes: [volumeEntry(place, volume)],
});

const saidOf = (isOn: Known<boolean>): EncryptionByDefault => (isOn.known ? (isOn.value ? 'on' : 'off') : 'unknown');

interface CopyFacts {
  readonly settings: Settings;
  /** Of Unlatch's own account, in the volume's Region: there the copy is made. */
  readonly encryptsByDefault: Known<boolean>;
  /** ARN of the session by which Unlatch reads blocks in the volume's account. */
  readonly caller: string | null;
  readonly key: KeyRecord | null;
}

const OPEN: RouteOpenness = { open: true, because: null, remedy: null };

const FORESEEN: Readonly<Record<Forecast, RouteOpenness>> = {
  allowed: OPEN,
  undetermined: { ...OPEN, because: 'whether KMS lets Unlatch, a try will tell' },
  denied: {
    open: false,
    because: 'KMS will not let Unlatch read it either: from within the running machine only',
    remedy: null,
  },
};

/** The first that is open, else the last reason why not. */
const firstOpen = (ways: readonly RouteOpenness[]): RouteOpenness =>
  ways.find(({ open }) => open) ?? ways.at(-1) ?? FORESEEN.undetermined;

/**
 * Whether the disk could be copied from a frozen snapshot, under another key or block by block, as far as that can be told
 * without making one.
 */
export const copyOpenness = (
  { region, encrypted, keyArn }: Situation,
  { settings, encryptsByDefault, caller, key }: CopyFacts,
): RouteOpenness => {
  const { ALLOW_UNENCRYPTED_COPY: allowUnencrypted, EVIDENCE_KEY_ARN: evidenceKeyArn, RE_ENCRYPT } = settings;
  const foresee = (action: 'kms:CreateGrant' | 'kms:Decrypt'): RouteOpenness => {
    if (!encrypted) return OPEN;
    if (keyArn === null || key === null || caller === null) return FORESEEN.undetermined;
    return FORESEEN[forecast(caller, action, keyArn, key)];
  };
  const target = copyTarget({ allowUnencrypted, evidenceKeyArn }, saidOf(encryptsByDefault), region);
  const blocks = target.open ? foresee('kms:Decrypt') : { open: false, because: target.because, remedy: target.remedy };
  return firstOpen([...(RE_ENCRYPT && encrypted ? [foresee('kms:CreateGrant')] : []), blocks]);
};

/** Of a policy that is odd in many ways, the gravest ways. */
const MOST_FOUND = 6;

/** What the lint finds in a key's policy. That of a key of AWS's nobody can edit. */
const lintOf = ({ keyArn }: Situation, { manager, policy }: KeyRecord): OutlookEntry['lint'] => {
  if (manager.known && manager.value === 'AWS') return [];
  if (!policy.known) return null;
  const setting = { account: accountOfArn(keyArn ?? ''), keyRegion: regionOfArn(keyArn ?? '') };
  try {
    return lintPolicy(policy.value, 'the key policy', setting)
      .findings.flatMap(({ rule, severity, message }) => (severity === 'note' ? [] : [{ rule, severity, message }]))
      .slice(0, MOST_FOUND);
  } catch (error) {
    if (error instanceof PolicyError) return [{ rule: 'unreadable', severity: 'error', message: error.message }];
    throw error;
  }
};

/** A question with lists of its own: schemas have no read-only ones. */
const plain = ({ context, ...asked }: Asked) => ({
  ...asked,
  context: Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      value === null || typeof value === 'string' ? value : [...value],
    ]),
  ),
});

export const outlookEntry = (
  situation: Situation,
  { way, verdict, steps, refusals, missing }: Outlook,
  key: KeyRecord | null,
  copy: RouteOpenness,
): OutlookEntry => ({
  id: situationId(situation),
  accountId: situation.accountId,
  region: situation.region,
  encrypted: situation.encrypted,
  keyArn: situation.keyArn,
  aliases: key?.aliases.known ? [...key.aliases.value] : [],
  way,
  verdict,
  steps: [...steps],
  refusals: refusals.map(({ asked, besides, cause, explanation, fixes }) => ({
    step: asked.step,
    roleArn: asked.roleArn,
    action: asked.action,
    keyArn: asked.keyArn,
    asked: [asked, ...besides.filter((other) => other !== asked)].map(plain),
    cause,
    explanation,
    fixes: fixes.map(({ layer, target, statement, verified, note }) => ({
      layer,
      target,
      statement: statement === null ? null : { ...statement },
      verified,
      note,
    })),
  })),
  missing: [...missing],
  lint: key === null ? null : lintOf(situation, key),
  copy,
});

/** EC2 shows attachments late, and roots of the instance store never. */
export const NO_VOLUME = 'EC2 names no volume of it';

/** A machine is as ready as the least of its volumes; one without any, or with one that was not examined, is not ready. */
export const verdictOfRow = ({ volumes }: Row, outlooks: ReadonlyMap<string, OutlookEntry>): Verdict =>
  volumes.length === 0
    ? 'undetermined'
    : worstOf(volumes.map(({ situation }) => outlooks.get(situation)?.verdict ?? 'undetermined'));
