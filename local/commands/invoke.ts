import { leadClientsTo } from '#local/account/clients';
import { embeddedAccount } from '#local/account/embedded-account';
import { BadInputError, loadScenario, readJson } from '#local/scenario/loading';
import { stageOf } from '#local/scenario/stage';
import { type Command, readWords, stringOption } from './options.ts';

/**
 * `invoke FUNCTION EVENT.json [--scenario …]`: one function with one event, like `sam local invoke`, without Docker. The
 * function runs in the embedded account that the scenario describes, and its answer is printed. Exit 1 where it throws.
 */
export const invoke: Command = async (args, output) => {
  const words = readWords(args, ['scenario'], ['json']);
  const [functionName, file, ...rest] = words.words;
  if (functionName === undefined || file === undefined || rest.length > 0) {
    throw new BadInputError('invoke: expected a function and one event file');
  }
  const scenario = loadScenario(stringOption(words, 'scenario', 'custom-key-denied'));
  const read = readJson(file);
  const account = await embeddedAccount({ ...scenario.unlatch, parameters: scenario.parameters });
  const restore = leadClientsTo(account);
  try {
    stageOf(account, scenario);
    const fn = account.template.functions.find(
      ({ logicalId, folder }) => folder === functionName || logicalId === functionName,
    );
    if (fn === undefined) {
      const names = account.template.functions.map(({ folder }) => `\`${folder}\``).join(', ');
      throw new BadInputError(`invoke: there is no function \`${functionName}\`; there are ${names}`);
    }
    const session = account.sessionOf(fn.logicalId);
    const call = { input: {}, session, region: account.region, requestId: account.ground.uuid() };
    const answer = await account.lambda.invoke(call, fn.logicalId, read);
    output.answer(answer);
    return 0;
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    output.say(`${functionName} threw: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    restore();
    await account.close();
  }
};
