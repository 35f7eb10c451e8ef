/** What puts a statement back: a template that says so in tags of the role. `''` where none tells. */
const SOURCES: readonly (readonly [RegExp, (value: string) => string])[] = [
  [/^aws:cloudformation:stack-name$/, (value) => `CloudFormation, stack \`${value}\``],
  [/^aws:cloudformation:/, () => 'CloudFormation'],
  [/terraform|opentofu/i, () => 'Terraform'],
];

const oneLine = (text: string): string => text.replace(/[\p{C}\p{Z}`]+/gu, ' ').slice(0, 128);

const sourceOf = (tags: Readonly<Record<string, string>>): string | null => {
  const entries = Object.entries(tags);
  for (const [pattern, words] of SOURCES) {
    const found = entries.find(([key]) => pattern.test(key));
    if (found !== undefined) return words(oneLine(found[1]));
  }
  const byValue = entries.find(
    ([key, value]) => /^managed.?by$/i.test(key) && /terraform|opentofu|pulumi|cdk/i.test(value),
  );
  return byValue === undefined ? null : oneLine(byValue[1]);
};

/**
 * By what a statement came back, in words that follow a sentence.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
 */
export const restorationSource = (tags: Readonly<Record<string, string>>): string => {
  const source = sourceOf(tags);
  return source === null ? '' : `; by its tags the role is kept by ${source}, whose template has to lose the statement`;
};
