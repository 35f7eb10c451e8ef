export const handler = async (): Promise<string> => 'a secret';
