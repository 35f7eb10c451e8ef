import { every, type Truth, truthOf } from './truth.ts';

/** An address as groups of 16 bits: two for IPv4, eight for IPv6; or `null` where the text is none. */
type Groups = readonly number[];

const v4Groups = (text: string): Groups | null => {
  const octets = text.split('.').map((octet) => (/^\d{1,3}$/.test(octet) ? Number(octet) : Number.NaN));
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return octets.length === 4 && octets.every((octet) => octet <= 255) ? [a * 256 + b, c * 256 + d] : null;
};

const v6Part = (text: string): Groups | null => {
  if (text === '') return [];
  const groups: number[] = [];
  const fields = text.split(':');
  for (const [index, field] of fields.entries()) {
    const v4 = index === fields.length - 1 ? v4Groups(field) : null;
    if (v4 !== null) groups.push(...v4);
    else if (/^[0-9a-f]{1,4}$/i.test(field)) groups.push(Number.parseInt(field, 16));
    else return null;
  }
  return groups;
};

const v6Groups = (text: string): Groups | null => {
  const [head = '', tail, ...more] = text.split('::');
  const before = v6Part(head);
  const after = v6Part(tail ?? '');
  if (before === null || after === null || more.length > 0) return null;
  const gap = 8 - before.length - after.length;
  if (tail === undefined) return gap === 0 ? before : null;
  return gap > 0 ? [...before, ...Array<number>(gap).fill(0), ...after] : null;
};

const groupsOf = (text: string): Groups | null => (text.includes(':') ? v6Groups(text) : v4Groups(text));

/** A block such as `203.0.113.0/24`, as a question to addresses; one without `/` is one address; `null` where it is none. */
export const blockOf = (block: string): ((address: string) => Truth) | null => {
  const [base = '', length, ...more] = block.split('/');
  const wanted = groupsOf(base);
  if (wanted === null || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) return null;
  const bits = Number(length ?? wanted.length * 16);
  if (bits > wanted.length * 16) return null;
  return (address) => {
    const groups = groupsOf(address);
    if (groups === null) return 'unknown';
    if (groups.length !== wanted.length) return 'no';
    return every([...wanted.entries()], ([index, group]) => {
      const shift = 16 - Math.min(16, Math.max(0, bits - index * 16));
      return truthOf(group >> shift === (groups[index] ?? 0) >> shift);
    });
  };
};
