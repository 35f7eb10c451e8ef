import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '#shared/case/case';
import { type AgentReading, assess, explainRefusal, isTagged } from '#shared/route/ssm-triage/assess';
import { AccountId, InstanceId, Region } from '#shared/signal/identifiers';

const INSTANCE = InstanceId.parse('i-0123456789abcdef0');
const TAG = { key: 'CadoResponseSSMEnabled', value: 'True' };
const NO_TAG = { key: '', value: '' };
const REMEDY = `set the tag \`CadoResponseSSMEnabled\` = \`True\` on ${INSTANCE}, then start the case again by hand`;

const ready: Target = {
  accountId: AccountId.parse('444455556666'),
  region: Region.parse('eu-west-3'),
  instanceId: INSTANCE,
  volumes: [],
  state: 'running',
  platform: 'linux',
  name: null,
  privateIp: null,
  publicIp: null,
  tags: { CadoResponseSSMEnabled: 'True' },
};
const online: AgentReading = { known: true, agent: { pingStatus: 'Online' } };
const agent = (pingStatus: string): AgentReading => ({ known: true, agent: { pingStatus } });

/** What closes the route, and what a person can do about it. */
interface Closing {
  readonly name: string;
  readonly target?: Partial<Target>;
  readonly reading?: AgentReading;
  readonly because: string;
  readonly remedy?: string;
}

describe('assess', () => {
  it.each([
    { platform: 'linux', document: 'AWS-RunShellScript' },
    { platform: 'windows', document: 'AWS-RunPowerShellScript' },
  ] as const)('opens the route for $platform with $document', ({ platform, document }) => {
    expect(assess({ ...ready, platform }, online, TAG)).toEqual({ open: true, instanceId: INSTANCE, document });
  });

  it('asks for no tag where the settings name none', () => {
    expect(assess({ ...ready, tags: {} }, online, NO_TAG).open).toBe(true);
  });

  const closing: readonly Closing[] = [
    { name: 'a lone volume', target: { instanceId: null }, because: 'the volume is attached to no instance' },
    { name: 'a stopped instance', target: { state: 'stopped' }, because: 'the instance is `stopped`' },
    { name: 'a pending instance', target: { state: 'pending' }, because: 'the instance is `pending`' },
    { name: 'macOS', target: { platform: 'macos' }, because: 'no collector for `macos`' },
    { name: 'an unknown platform', target: { platform: 'unknown' }, because: 'no collector for `unknown`' },
    { name: 'no tag', target: { tags: {} }, because: 'lacks the tag', remedy: REMEDY },
    {
      name: 'a tag in other case',
      target: { tags: { CadoResponseSSMEnabled: 'true' } },
      because: 'lacks the tag',
      remedy: REMEDY,
    },
    {
      name: 'a key in other case',
      target: { tags: { cadoresponsessmenabled: 'True' } },
      because: 'lacks the tag',
      remedy: REMEDY,
    },
    {
      name: 'an unreadable agent',
      reading: { known: false, because: 'refused' },
      because: 'could not be asked: refused',
    },
    {
      name: 'no agent',
      reading: { known: true, agent: null },
      because: 'no Systems Manager agent has registered',
      remedy: 'give the instance an SSM agent and an instance profile',
    },
    {
      name: 'a lost agent',
      reading: agent('ConnectionLost'),
      because: '`ConnectionLost`',
      remedy: 'bring the agent back online',
    },
    {
      name: 'an inactive agent',
      reading: agent('Inactive'),
      because: '`Inactive`',
      remedy: 'bring the agent back online',
    },
    {
      name: 'an agent in other case',
      reading: agent('online'),
      because: '`online`',
      remedy: 'bring the agent back online',
    },
  ];

  it.each(closing)('is closed by $name', ({ target, reading = online, because, remedy = null }) => {
    expect(assess({ ...ready, ...target }, reading, TAG)).toEqual({
      open: false,
      because: expect.stringContaining(because),
      remedy,
    });
  });

  it('INVARIANT: is open only where everything is known and right', () => {
    const targets = fc.record({
      instanceId: fc.constantFrom(INSTANCE, null),
      state: fc.constantFrom('running', 'stopped', 'unknown'),
      platform: fc.constantFrom('linux', 'windows', 'macos', 'unknown'),
      tags: fc.constantFrom<Target['tags'][]>({ CadoResponseSSMEnabled: 'True' }, { CadoResponseSSMEnabled: 'no' }, {}),
    });
    const readings = fc.constantFrom<AgentReading[]>(
      online,
      agent('Inactive'),
      { known: true, agent: null },
      { known: false, because: 'throttled' },
    );
    fc.assert(
      fc.property(targets, readings, fc.constantFrom(TAG, NO_TAG), (parts, reading, tag) => {
        const target: Target = { ...ready, ...parts };
        const right =
          target.instanceId !== null &&
          target.state === 'running' &&
          (target.platform === 'linux' || target.platform === 'windows') &&
          (tag.key === '' || target.tags[tag.key] === tag.value) &&
          reading.known &&
          reading.agent?.pingStatus === 'Online';
        expect(assess(target, reading, tag).open).toBe(right);
      }),
      { numRuns: 500 },
    );
  });
});

describe('isTagged', () => {
  const rows: readonly { tags: Target['tags']; tag: typeof TAG; tagged: boolean }[] = [
    { tags: { a: 'x' }, tag: { key: 'a', value: 'x' }, tagged: true },
    { tags: { a: 'X' }, tag: { key: 'a', value: 'x' }, tagged: false },
    { tags: { a: '' }, tag: { key: 'a', value: '' }, tagged: true },
    { tags: {}, tag: { key: 'a', value: '' }, tagged: false },
    { tags: {}, tag: { key: 'constructor', value: 'x' }, tagged: false },
    { tags: {}, tag: { key: '', value: 'x' }, tagged: true },
  ];

  it.each(rows)('$tags for $tag: $tagged', ({ tags, tag, tagged }) => {
    expect(isTagged({ tags }, tag)).toBe(tagged);
  });
});

describe('explainRefusal', () => {
  const denied = { error: 'AccessDeniedException', message: 'not authorized to perform: ssm:SendCommand' };
  it.each([
    {
      name: 'a tagged instance lacks the permission',
      target: {},
      tag: TAG,
      because: 'the permission ssm:SendCommand is missing',
      remedy: null,
    },
    { name: 'an untagged one lacks the tag', target: { tags: {} }, tag: TAG, because: 'lacks the tag', remedy: REMEDY },
    {
      name: "the platform's own tag is looked at where none is asked for",
      target: { tags: {} },
      tag: NO_TAG,
      because: 'lacks the tag',
      remedy: REMEDY,
    },
    {
      name: 'and where it is set, the permission is what lacks',
      target: {},
      tag: NO_TAG,
      because: 'the permission',
      remedy: null,
    },
  ])('$name', ({ target, tag, because, remedy }) => {
    const explained = explainRefusal({ ...ready, ...target }, tag, denied);
    expect(explained).toEqual({ open: false, because: expect.stringContaining(because), remedy });
  });

  it('names any other error as it is', () => {
    const explained = explainRefusal(ready, TAG, { error: 'InvalidInstanceId', message: '' });
    expect(explained).toEqual({
      open: false,
      because: 'Systems Manager refused the command: InvalidInstanceId',
      remedy: null,
    });
  });
});
