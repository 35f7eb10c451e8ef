/** What EventBridge would not accept in a pattern, and where. */
export class EventPatternError extends Error {
  override readonly name = 'EventPatternError';
}

export const fail = (place: string, problem: string): never => {
  throw new EventPatternError(place === '' ? problem : `${place}: ${problem}`);
};
