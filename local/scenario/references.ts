import { DEFAULT_KEY, type Scenario } from './scenario.ts';

/** A name in a scenario that nothing bears: where it stands, and what it was to name. */
export interface Dangling {
  readonly path: (string | number)[];
  readonly message: string;
}

const missing = (path: (string | number)[], what: string, name: string): Dangling => ({
  path,
  message: `there is no ${what} \`${name}\``,
});

const duplicates = (list: string, names: readonly string[]): Dangling[] =>
  names.flatMap((name, at) =>
    names.indexOf(name) < at ? [{ path: [list, at, 'name'], message: `\`${name}\` is there twice` }] : [],
  );

const ofVolumes = ({ instances, keys }: Scenario): Dangling[] =>
  instances.flatMap(({ volumes }, at) =>
    volumes.flatMap(({ key }, volume) =>
      key === null || key === DEFAULT_KEY || keys.some(({ name }) => name === key)
        ? []
        : [missing(['instances', at, 'volumes', volume, 'key'], 'key', key)],
    ),
  );

/** A step may name roles, keys and instances of the scenario, and the snapshots of the steps before it. */
const ofSteps = ({ acquisition, roles, keys, instances }: Scenario): Dangling[] => {
  const snapshots = new Set<string>();
  const made = new Set(keys.map(({ name }) => name));
  return acquisition.flatMap((step, at) => {
    if (step.do === 'wait' || step.do === 'clock' || step.do === 'by-hand') return [];
    const found: Dangling[] = [];
    const path = (...parts: (string | number)[]) => ['acquisition', at, ...parts];
    const by = 'by' in step ? step.by : 'platformRole' in step ? step.platformRole : null;
    if (by !== null && !roles.some((known) => known.name === by.role && known.accountId === by.accountId)) {
      found.push(missing(path('by', 'role'), `role of account ${by.accountId}`, by.role));
    }
    if (step.do === 'TryAll') {
      const named = [...(step.instances ?? []), ...step.except, step.worker];
      const unborne = named.filter((name) => !instances.some((instance) => instance.name === name));
      found.push(...unborne.map((name) => missing(path('instances'), 'instance', name)));
    }
    if ('instance' in step && step.instance !== undefined) {
      const instance = instances.find(({ name }) => name === step.instance);
      if (instance === undefined) found.push(missing(path('instance'), 'instance', step.instance));
      else if ('device' in step && !instance.volumes.some(({ device }) => device === step.device)) {
        found.push(missing(path('device'), `device of ${step.instance}`, step.device));
      }
    }
    if ('key' in step && step.key !== null && !made.has(step.key)) {
      found.push(missing(path('key'), 'key', step.key));
    }
    if ('snapshot' in step && !snapshots.has(step.snapshot)) {
      found.push(missing(path('snapshot'), 'earlier step that makes the snapshot', step.snapshot));
    }
    if (step.do === 'CreateKey') made.add(step.as);
    else if ('as' in step && step.do !== 'CreateVolume') snapshots.add(step.as);
    return found;
  });
};

/** Every name in a scenario that nothing bears, and every name that two things bear. */
export const danglingIn = (scenario: Scenario): readonly Dangling[] => [
  ...duplicates(
    'keys',
    scenario.keys.map(({ name }) => name),
  ),
  ...duplicates(
    'instances',
    scenario.instances.map(({ name }) => name),
  ),
  ...ofVolumes(scenario),
  ...ofSteps(scenario),
];
