import type { Target } from '#shared/case/case';

/** The names that AWS recommends for data volumes. https://docs.aws.amazon.com/ebs/latest/userguide/device_naming.html */
const NAMES = {
  linux: [...'fghijklmnop'].map((letter) => `/dev/sd${letter}`),
  windows: [...'fghijklmnop'].map((letter) => `xvd${letter}`),
} as const;

/** The last letter tells: `/dev/sdf` and `/dev/xvdf` are one device. */
const letterOf = (device: string): string => device.at(-1) ?? '';

/** A device name that no volume of the instance has. Only EC2 wants one: in the guest a disk is known by its volume's id. */
export const freeDevice = ({ platform, volumes }: Pick<Target, 'platform' | 'volumes'>): string => {
  const taken = new Set(volumes.flatMap(({ device }) => (device === null ? [] : [letterOf(device)])));
  const free = NAMES[platform === 'windows' ? 'windows' : 'linux'].findLast((name) => !taken.has(letterOf(name)));
  if (free === undefined) throw new Error('the instance has no device name left');
  return free;
};
