import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Makes `.sh` and `.ps1` files importable as text, as esbuild's `text` loader does in the bundles:
 * `import script from './linux.sh'`.
 */
registerHooks({
  load(url, context, nextLoad) {
    if (!/\.(sh|ps1)$/.test(url)) return nextLoad(url, context);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    return { format: 'module', source: `export default ${JSON.stringify(text)};`, shortCircuit: true };
  },
});
