export type Scalar = string | number | boolean | null;
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (json: unknown): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

export const isScalar = (json: unknown): json is Scalar =>
  json === null || typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean';
