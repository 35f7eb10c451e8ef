import { describe, expect, it } from 'vitest';
import { blockOf } from '#shared/policy/ip-address';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html, IpAddress */
describe('a block', () => {
  it.each([
    { block: '203.0.113.0/24', holds: ['203.0.113.0', '203.0.113.255'], holdsNot: ['203.0.112.255', '203.0.114.0'] },
    { block: '203.0.113.77/24', holds: ['203.0.113.1'], holdsNot: ['203.0.114.77'] },
    {
      block: '203.0.113.5',
      holds: ['203.0.113.5'],
      holdsNot: ['203.0.113.4', '203.0.112.5', '203.1.113.5', '202.0.113.5'],
    },
    { block: '203.0.113.4/31', holds: ['203.0.113.4', '203.0.113.5'], holdsNot: ['203.0.113.3', '203.0.113.6'] },
    { block: '203.0.113.5/32', holds: ['203.0.113.5'], holdsNot: ['203.0.113.4'] },
    { block: '10.0.0.0/8', holds: ['10.255.255.255', '10.0.0.1'], holdsNot: ['11.0.0.0', '9.255.255.255'] },
    { block: '172.16.0.0/12', holds: ['172.31.255.255'], holdsNot: ['172.32.0.0', '172.15.0.1'] },
    { block: '192.168.0.0/16', holds: ['192.168.255.1'], holdsNot: ['192.169.0.0'] },
    { block: '192.168.128.0/17', holds: ['192.168.128.1', '192.168.255.1'], holdsNot: ['192.168.127.255'] },
    { block: '0.0.0.0/0', holds: ['0.0.0.0', '255.255.255.255'], holdsNot: ['::', '::1'] },
    { block: '255.255.255.255', holds: ['255.255.255.255'], holdsNot: ['255.255.255.254'] },
    { block: '2001:db8::/32', holds: ['2001:db8::1', '2001:DB8:ffff::'], holdsNot: ['2001:db9::', '2001:db7:ffff::1'] },
    { block: '2001:db8:1234:5678::/64', holds: ['2001:db8:1234:5678:9::1'], holdsNot: ['2001:db8:1234:5679::1'] },
    { block: '2001:db8:8000::/33', holds: ['2001:db8:8000::1', '2001:db8:ffff::1'], holdsNot: ['2001:db8:7fff::1'] },
    { block: '::1', holds: ['::1', '0:0:0:0:0:0:0:1', '0::1'], holdsNot: ['::', '::2', '1::1', '0.0.0.1'] },
    { block: '2001:db8::', holds: ['2001:db8:0:0:0:0:0:0'], holdsNot: ['2001:db8::1'] },
    { block: '1:2:3:4:5:6:7:8', holds: ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:0.7.0.8'], holdsNot: ['1:2:3:4:5:6:7:9'] },
    { block: '1:2:3:4:5:6::8', holds: ['1:2:3:4:5:6:0:8'], holdsNot: ['1:2:3:4:5:6:8:0'] },
    { block: '::ffff:203.0.113.5', holds: ['::ffff:cb00:7105'], holdsNot: ['203.0.113.5', '::ffff:cb00:7104'] },
    { block: '::/0', holds: ['::', 'ffff::'], holdsNot: ['0.0.0.0'] },
  ])('$block holds $holds and not $holdsNot', ({ block, holds, holdsNot }) => {
    const asked = blockOf(block) ?? (() => 'no block' as const);
    expect(holds.map(asked)).toEqual(holds.map(() => 'yes'));
    expect(holdsNot.map(asked)).toEqual(holdsNot.map(() => 'no'));
  });
});

const noAddresses = [
  '',
  '203.0.113',
  '203.0.113.0.1',
  '203.0.113.256',
  '203.0.113.-1',
  '203.0.113.x',
  '203.0.113.0x1',
  'x203.0.113.1',
  '203.0.1134.1',
  '203.0..1',
  '203.0.113.1 ',
  ' 203.0.113.1',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8',
  '1:2:3:4::5:6:7:8',
  '1::2::3',
  ':',
  ':1',
  '1:',
  ':::',
  '12345::',
  'g::',
  '::1x',
  'x1::',
  '::0x1',
  '::203.0.113.5:1',
  '::203.0.113.256',
  '::1.2.3',
  'ec2.amazonaws.com',
];

describe('what is no address', () => {
  it.each(noAddresses)('%j makes no block', (text) => {
    expect(blockOf(text)).toBeNull();
  });

  it.each(noAddresses)('%j as the address of a request leaves it unknown', (text) => {
    expect(['0.0.0.0/0', '::/0'].map((block) => blockOf(block)?.(text))).toEqual(['unknown', 'unknown']);
  });

  it.each([
    '203.0.113.0/33',
    '203.0.113.0/',
    '203.0.113.0/x',
    '203.0.113.0/x8',
    '203.0.113.0/8x',
    '203.0.113.0/-1',
    '203.0.113.0/0024',
    '203.0.113.0/24/8',
    '2001:db8::/129',
    '/24',
  ])('%j makes no block', (text) => {
    expect(blockOf(text)).toBeNull();
  });

  it.each(['203.0.113.0/32', '203.0.113.0/0', '2001:db8::/128'])('%j is the edge of what does', (text) => {
    expect(blockOf(text)).not.toBeNull();
  });
});
