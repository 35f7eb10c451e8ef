import { type CollectionTag, Pair, Scalar, type ScalarTag, YAMLMap } from 'yaml';
import { attributePath } from './intrinsic-notation.ts';

const shortForms = {
  Ref: 'Ref',
  Condition: 'Condition',
  ...Object.fromEntries(
    'Sub GetAtt If Equals Not And Or Join Select Split FindInMap ImportValue Base64 Cidr GetAZs Transform ToJsonString Length'
      .split(' ')
      .map((name) => [name, `Fn::${name}`]),
  ),
};

/** `!Name value` is `{ "Fn::Name": value }`. */
export const shortFormTags = Object.entries(shortForms).flatMap(([name, long]): (ScalarTag | CollectionTag)[] => {
  const collection = (kind: 'seq' | 'map'): CollectionTag => ({
    tag: `!${name}`,
    collection: kind,
    resolve: (value) => {
      const map = new YAMLMap();
      map.items.push(new Pair(new Scalar(long), value));
      return map;
    },
  });
  const scalar: ScalarTag = {
    tag: `!${name}`,
    resolve: (value) => ({ [long]: name === 'GetAtt' ? attributePath(value) : value }),
  };
  return [scalar, collection('seq'), collection('map')];
});
