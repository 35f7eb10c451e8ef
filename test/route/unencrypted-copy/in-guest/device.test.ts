import { describe, expect, it } from 'vitest';
import { freeDevice } from '#shared/route/unencrypted-copy/in-guest/device';
import { VolumeId } from '#shared/signal/identifiers';

const volumeId = VolumeId.parse('vol-0d5a9c3e1f2b47a60');
const holding = (...devices: (string | null)[]) => devices.map((device) => ({ volumeId, device }));

describe('the device name of the copy', () => {
  it.each([
    { platform: 'linux', devices: ['/dev/xvda'], is: '/dev/sdp' },
    { platform: 'linux', devices: ['/dev/xvda', '/dev/xvdp'], is: '/dev/sdo' },
    { platform: 'windows', devices: ['/dev/sda1', 'xvdp'], is: 'xvdo' },
    { platform: 'linux', devices: [null], is: '/dev/sdp' },
  ] as const)('is $is beside $devices on $platform', ({ platform, devices, is }) => {
    expect(freeDevice({ platform, volumes: holding(...devices) })).toBe(is);
  });

  it('is not to be had where all are taken', () => {
    const volumes = holding(...[...'fghijklmnop'].map((letter) => `/dev/sd${letter}`));
    expect(() => freeDevice({ platform: 'linux', volumes })).toThrow('no device name left');
  });
});
