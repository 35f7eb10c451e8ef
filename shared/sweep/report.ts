/** One thing that a sweep came upon, as a person reads it. */
export interface SweptThing {
  readonly kind: string;
  readonly id: string;
  /** `<account>/<region>`; `null` for what stands in Unlatch's own ledger. */
  readonly place: string | null;
  readonly because: string;
  /** How it is called off; `null` where it cannot be. */
  readonly undo: string | null;
}

/** What a sweep came to; `sweep.json` is this. */
export interface SweepReport {
  readonly at: string;
  readonly dryRun: boolean;
  /** Accounts and Regions that were looked through. */
  readonly places: readonly string[];
  /** Gone; in a dry run: what would go. */
  readonly removed: readonly SweptThing[];
  readonly kept: readonly SweptThing[];
  /** For a person to see to. */
  readonly reported: readonly SweptThing[];
  /** What was to go and could not, and places that could not be looked through. */
  readonly failed: readonly SweptThing[];
}
