import type { Policy } from '#shared/policy/policy';
import { FEATURES, type Feature, featuresServedBy, isFeature, type NamedStatements } from './catalogue.ts';
import { hasPaths, pathsOf, type Use } from './paths.ts';
import { roleAllows } from './role-allows.ts';

/** Features of which every request that is known is allowed. */
const completeIn = (policies: readonly Policy[], use: Use): ReadonlySet<Feature> =>
  new Set(
    Object.keys(FEATURES)
      .filter(isFeature)
      .filter((feature) => {
        const paths = pathsOf({ ...use, features: new Set([feature]) });
        return paths.length > 0 && paths.every(({ request }) => roleAllows(policies, request) === 'yes');
      }),
  );

/**
 * The features that a role is there for, as far as its policies tell: what it can do as a whole, and for each statement
 * that serves nothing of that, all that it may serve. So none of its statements is for nothing.
 * @param policies the same policies, written and read
 */
export const featuresInUse = (
  written: readonly NamedStatements[],
  policies: readonly Policy[],
  use: Omit<Use, 'features'>,
): ReadonlySet<Feature> => {
  const complete = completeIn(policies, { ...use, features: new Set() });
  const served = written
    .flatMap(({ statements }) => statements)
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) => {
      const features = featuresServedBy(statement) ?? [];
      const alive = features.filter((feature) => complete.has(feature) || !hasPaths(feature));
      return alive.length > 0 ? alive : features;
    });
  return new Set([...complete, ...served]);
};
