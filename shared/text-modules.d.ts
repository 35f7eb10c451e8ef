/** Scripts are bundled as text: esbuild's `text` loader in `template.yaml`, `local/text-modules.ts` elsewhere. */
declare module '*.sh' {
  const text: string;
  export default text;
}
declare module '*.ps1' {
  const text: string;
  export default text;
}
