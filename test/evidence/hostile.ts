import fc from 'fast-check';

/**
 * The same report with every text from outside, and every name inside of statements, replaced.
 * @param own fields that hold words of Unlatch's own
 */
export const replaced = <Report>(report: Report, own: readonly string[], textAt: (n: number) => string): Report => {
  let n = 0;
  const text = () => {
    n += 1;
    return textAt(n);
  };
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return own.includes(key) ? value : text();
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (typeof value !== 'object' || value === null) return value;
    const names = (name: string) => (key === 'statement' ? `${name}${text()}` : name);
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [names(name), walk(item, name)]));
  };
  return walk(report, '') as Report;
};

/** Texts that want to be more than text. */
export const HOSTILE = [
  '<script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '</title></head><body onload=alert(1)>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '<!-- ',
  ']]>',
  '&lt;script&gt;&#60;',
  'javascript:alert(1)',
  '`<b>` and `"`',
  '`<i>',
  'arn:aws:iam::<b>:role/x i-0a1b2c3d4e5f60718<b>',
  'a\0b\u0007c\u009b',
  '\u202Egnp.exe\u202C \u2066x\u2069 \u200F',
  'zero\u200Bwidth\u2060\uFEFF\u00AD\u{E0041}\u3164',
  '\uD800 lone \uDC00',
  '\u2028\u2029',
  '$& $1 {{x}}',
];

export const hostile = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('<', '>', '"', "'", '&', '`', '/', 'script', 'style', ';', '=', ' ', '\0'), {
      maxLength: 12,
    })
    .map((some) => some.join('')),
);
