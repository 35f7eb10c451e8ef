import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where Debian's package puts it; another place can be named. */
export const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
export const hasChromium = existsSync(CHROMIUM);

/** Nothing of Chromium's own may go out: what goes out would be the page's. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Opened {
  readonly page: Page;
  /** Every request but that of the page itself. */
  readonly requests: readonly string[];
  /** What went wrong in the page, and what it wrote on the console: nothing is expected. */
  readonly complaints: readonly string[];
  readonly dialogs: readonly string[];
}

export const browser = async (): Promise<{ open: (file: string) => Promise<Opened>; close: () => Promise<void> }> => {
  const profile = mkdtempSync(join(tmpdir(), 'unlatch-chromium-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: ARGUMENTS,
    viewport: { width: 1_280, height: 900 },
  });
  return {
    open: async (file) => {
      const page = await context.newPage();
      const requests: string[] = [];
      const complaints: string[] = [];
      const dialogs: string[] = [];
      const url = `file://${file}`;
      page.on('request', (request) => {
        if (request.url() !== url) requests.push(request.url());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message());
        dialog.dismiss().catch(() => {});
      });
      await page.goto(url);
      return { page, requests, complaints, dialogs };
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
};
