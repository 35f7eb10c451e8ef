import { readFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';
import { z } from 'zod';
import { parsedAt } from './parsed-value.ts';
import { functionType } from './resource-kinds.ts';
import { parseSource } from './source.ts';

/** `key=value` of a list, as esbuild's command line takes it. */
const Pair = z.templateLiteral([z.string().min(1), '=', z.string()]).transform((pair): [string, string] => {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
});
const Pairs = z
  .array(Pair)
  .default([])
  .transform(Object.fromEntries<string>);

/**
 * The build options of a function. SAM hands them to esbuild as they stand; one that is not known here is an error, so that
 * no bundle is tried that SAM would not make.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-using-build-typescript.html
 */
const BuildProperties = z.strictObject({
  Format: z.literal('esm'),
  Splitting: z.boolean().default(false),
  Minify: z.boolean(),
  Sourcemap: z.boolean(),
  Target: z.string(),
  MainFields: z.string().transform((fields) => fields.split(',')),
  OutExtension: Pairs,
  Loader: Pairs,
  Banner: Pairs,
  EntryPoints: z.tuple([z.string()]),
});

/** A function as SAM builds it. */
export interface Build {
  readonly logicalId: string;
  /** Its folder in `functions/`. */
  readonly folder: string;
  readonly handler: string;
  readonly options: z.output<typeof BuildProperties>;
}

const Metadata = z.object({ BuildMethod: z.literal('esbuild'), BuildProperties });
const Loaders = z.record(z.string(), z.enum(['text', 'json', 'file', 'base64', 'binary', 'dataurl', 'copy']));

/** The functions of a template, with how they are built. @throws TemplateError */
export const buildsOf = (path: string): readonly Build[] =>
  Object.entries(parseSource(readFileSync(path, 'utf8')).Resources).flatMap(([logicalId, resource]): Build[] => {
    if (resource.Type !== functionType) return [];
    const { BuildProperties: options } = parsedAt(Metadata, resource.Metadata, `Resources.${logicalId}.Metadata`);
    const [entry] = options.EntryPoints;
    return [{ logicalId, folder: entry.split('/')[1] ?? '', handler: String(resource.Properties.Handler), options }];
  });

/** Where a bundle's handler stands in its folder. */
export const HANDLER_FILE = 'handler.mjs';

/** Makes a function's bundle in a folder, by the options that the template has for SAM. */
export const bundleInto = async (
  outdir: string,
  { options }: Pick<Build, 'options'>,
  entryPoints: readonly string[] = options.EntryPoints,
): Promise<Metafile> => {
  const { metafile } = await build({
    entryPoints: entryPoints.map((entry) => ({ in: entry, out: 'handler' })),
    outdir,
    bundle: true,
    platform: 'node',
    format: options.Format,
    splitting: options.Splitting,
    minify: options.Minify,
    sourcemap: options.Sourcemap,
    target: options.Target,
    mainFields: options.MainFields,
    outExtension: options.OutExtension,
    loader: Loaders.parse(options.Loader),
    banner: options.Banner,
    metafile: true,
    logLevel: 'silent',
  });
  return metafile;
};

/** The files that are read when the handler is: what it imports, and not what it may import later. */
export const filesAtStart = ({ outputs }: Metafile): readonly string[] => {
  const found = new Set(Object.keys(outputs).filter((file) => file.endsWith(`/${HANDLER_FILE}`)));
  for (const file of found)
    for (const { kind, path, external = false } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && !external) found.add(path);
  return [...found];
};

/** The folders of the npm packages of which something stands in these files, with the bytes of each. */
export const packagesIn = ({ outputs }: Metafile, files: readonly string[]): ReadonlyMap<string, number> => {
  const bytes = new Map<string, number>();
  for (const file of files)
    for (const [input, { bytesInOutput }] of Object.entries(outputs[file]?.inputs ?? {})) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
      if (folder !== undefined && bytesInOutput > 0) bytes.set(folder, (bytes.get(folder) ?? 0) + bytesInOutput);
    }
  return bytes;
};

/** Bytes of code in these files; maps are no code. */
export const bytesOf = ({ outputs }: Metafile, files: readonly string[]): number =>
  files.filter((file) => !file.endsWith('.map')).reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
