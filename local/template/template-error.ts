/** What is wrong with a template, and where in it. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}
