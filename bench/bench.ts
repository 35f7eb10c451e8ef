/**
 * The benchmarks by name, or all: `npm run bench`, `npm run bench -- copy`. Each prints what it measured, and ends the
 * command with 1 where it misses what it promises.
 */
const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  decisions: () => import('./decisions.ts'),
  copy: () => import('./copy.ts'),
  readiness: () => import('./readiness.ts'),
  bundles: () => import('./bundles.ts'),
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(BENCHES);
for (const [place, name] of names.entries()) {
  const bench = BENCHES[name];
  if (bench === undefined) {
    process.stderr.write(`\`${name}\` is no benchmark: expected ${Object.keys(BENCHES).join(' or ')}\n`);
    process.exit(1);
  }
  if (place > 0) process.stdout.write('\n');
  await bench();
}
