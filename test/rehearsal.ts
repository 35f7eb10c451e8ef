import { onTestFinished } from 'vitest';
import { type Fault, leadClientsTo } from '#local/account/clients';
import { type EmbeddedAccount, embeddedAccount } from '#local/account/embedded-account';
import { loadScenario } from '#local/scenario/loading';
import type { Scenario } from '#local/scenario/scenario';
import { stageOf } from '#local/scenario/stage';
import type { CaseReport } from '#shared/case/report';
import { readCustodyLog } from '#shared/evidence/custody-log';

process.env.POWERTOOLS_METRICS_DISABLED = 'true';

export interface Rehearsal {
  readonly account: EmbeddedAccount;
  readonly stage: ReturnType<typeof stageOf>;
  /** Lets the platform acquire, and everything that follows happen. */
  acquire(): Promise<void>;
  reports(): CaseReport[];
  /** How often an API was called, and AWS did it. */
  done(api: string): number;
  /** Takes the account down before the test ends, to make room for the next. */
  end(): Promise<void>;
}

interface Changes {
  readonly faults?: readonly Fault[];
  readonly alter?: (scenario: Scenario) => Scenario;
}

/**
 * Closes when the test is over, or before.
 * A test may rehearse many hundred times: what it closed is not held until it is over.
 */
const untilTestFinished = (close: () => Promise<void>): (() => Promise<void>) => {
  let open: (() => Promise<void>) | null = close;
  const end = async (): Promise<void> => {
    const closing = open;
    open = null;
    await closing?.();
  };
  onTestFinished(end);
  return end;
};

/** A scenario in an embedded account that lasts as long as the test. */
export const rehearse = async (
  name: string,
  { faults = [], alter = (scenario) => scenario }: Changes = {},
): Promise<Rehearsal> => {
  const scenario = alter(loadScenario(name));
  const account = await embeddedAccount({ ...scenario.unlatch, parameters: scenario.parameters });
  const restore = leadClientsTo(account, faults);
  const end = untilTestFinished(async () => {
    restore();
    await account.close();
  });
  const stage = stageOf(account, scenario);
  return {
    account,
    stage,
    async acquire() {
      await stage.acquire(() => {});
      await account.ground.settle();
    },
    reports: () =>
      [...account.store.latest()].flatMap(([key, body]): CaseReport[] =>
        key.endsWith('/report.json') ? [JSON.parse(body.toString())] : [],
      ),
    end,
    done: (api) => account.calls.filter((call) => call.api === api && call.error === null).length,
  };
};

/** The custody log of a case, its chain checked. */
export const custodyOf = ({ account }: Rehearsal, caseId: string) =>
  readCustodyLog(account.store.latest().get(`${account.bucket}/cases/${caseId}/custody.jsonl`)?.toString() ?? '');
