import type { Conditions } from './conditions.ts';
import { withGlobals } from './globals.ts';
import { attributePath, cannotResolve, type Resolve } from './intrinsic-notation.ts';
import { pseudoParameters } from './parameters.ts';
import type { Known } from './parts.ts';
import { functionType, iam, kinds, lambdaArn, type Placed } from './resource-kinds.ts';
import { selfReferenceGuard } from './self-reference.ts';
import type { Resource, Source } from './source.ts';

export interface References {
  /** What `Ref` gives. */
  readonly reference: (name: string, place: string) => unknown;
  /** What `GetAtt` gives. */
  readonly attribute: (logicalId: string, name: string, place: string) => unknown;
}

export const referencesOf = (
  source: Source,
  parameters: ReadonlyMap<string, unknown>,
  at: Required<Known>,
  holds: Conditions['holds'],
  resolve: Resolve,
): References => {
  const pseudo = pseudoParameters(at);
  const once = selfReferenceGuard();

  const reference = (name: string, place: string): unknown => {
    const refuse = (why = '') => cannotResolve('Ref', name, place, why);
    if (pseudo.has(name)) return pseudo.get(name);
    if (parameters.has(name)) return parameters.get(name);
    const resource = resourceOf(name);
    if (resource === undefined) return generatedRole(name)?.name ?? published(name, place) ?? refuse();
    if (!holds(resource, `Resources.${name}`)) return refuse('its condition is false');
    if (resource.Type === 'AWS::Lambda::Alias') return aliasArn(resource, `Resources.${name}`);
    const where = placed(name, resource);
    return kinds[resource.Type]?.ref?.(where) ?? where.name;
  };

  const attribute = (logicalId: string, name: string, place: string): unknown => {
    const resource = resourceOf(logicalId);
    const refuse = (why = '') => cannotResolve('Fn::GetAtt', [logicalId, name], place, why);
    if (resource === undefined) {
      const role = generatedRole(logicalId);
      return role !== undefined && name === 'Arn' ? iam('role')(role) : refuse();
    }
    if (!holds(resource, `Resources.${logicalId}`)) return refuse('its condition is false');
    const kind = Object.hasOwn(kinds, resource.Type) ? kinds[resource.Type] : undefined;
    const get = name === 'Arn' ? kind?.arn : kind?.attributes?.[name];
    return get === undefined ? refuse() : get(placed(logicalId, resource));
  };

  const resourceOf = (logicalId: string): Resource | undefined =>
    Object.hasOwn(source.Resources, logicalId) ? source.Resources[logicalId] : undefined;

  const placed = (logicalId: string, resource: Resource): Placed => ({
    ...at,
    name: physicalName(logicalId, resource, kinds[resource.Type]?.named || 'Name'),
  });

  const physicalName = (logicalId: string, { Type, Properties }: Resource, named: string): string => {
    const place = `Resources.${logicalId}.Properties.${named}`;
    const given = once(place, place, () => resolve(Properties[named] ?? { Ref: 'AWS::NoValue' }, place));
    if (typeof given === 'string') return given;
    const name = `${at.stackName}-${logicalId}`;
    return Type === 'AWS::S3::Bucket' ? `${name}-${at.accountId}`.toLowerCase() : name;
  };

  const functionNamed = (logicalId: string): Resource | undefined => {
    const resource = resourceOf(logicalId);
    return resource?.Type === functionType && holds(resource, `Resources.${logicalId}`) ? resource : undefined;
  };

  /** SAM makes a role beside a function: `<Function>Role`. */
  const generatedRole = (name: string): Placed | undefined =>
    name.endsWith('Role') && functionNamed(name.slice(0, -'Role'.length)) !== undefined
      ? { ...at, name: `${at.stackName}-${name}` }
      : undefined;

  /** With AutoPublishAlias, SAM makes `<Function>.Alias` and `<Function>.Version`. */
  const published = (name: string, place: string): string | undefined => {
    const [owner = '', part] = attributePath(name);
    const resource = functionNamed(owner);
    if (resource === undefined || (part !== 'Alias' && part !== 'Version')) return undefined;
    const alias = resolve(withGlobals(source, resource).AutoPublishAlias ?? { Ref: 'AWS::NoValue' }, place);
    if (typeof alias !== 'string') return undefined;
    return `${lambdaArn(placed(owner, resource))}:${part === 'Alias' ? alias : '1'}`;
  };

  const aliasArn = ({ Properties }: Resource, place: string): string => {
    const owner = String(resolve(Properties.FunctionName, `${place}.Properties.FunctionName`));
    const name = String(resolve(Properties.Name, `${place}.Properties.Name`));
    return `${owner.startsWith('arn:') ? owner : lambdaArn({ ...at, name: owner })}:${name}`;
  };

  return { reference, attribute };
};
