import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Where the compiled part of the runtime interface client is missing, one of plain JavaScript takes its place: it only
 * fetches events and posts answers. All else of the client runs as it is.
 */
const standIn = fileURLToPath(new URL('./rapid-client.cjs', import.meta.url));

registerHooks({
  resolve: (specifier, context, next) => next(specifier === './rapid-client.node' ? standIn : specifier, context),
});
