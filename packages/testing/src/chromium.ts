import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

export type { Browser, Page } from "playwright-core";

/** Where the packages of Debian, Ubuntu, Fedora, Alpine and Google install Chromium or Chrome. */
const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/lib64/chromium-browser/chromium-browser",
  "/usr/bin/google-chrome",
];

/**
 * Finds a Chromium on this machine: `RA_CHROMIUM`, else one of the places where packages install it.
 *
 * @returns the path of the program, `undefined` when there is none
 */
export function findChromium(): string | undefined {
  return [process.env["RA_CHROMIUM"] ?? "", ...USUAL_PLACES].find((path) => path !== "" && existsSync(path));
}

/**
 * Starts a real Chromium without a window. It sends no requests of its own, only those of a test's pages.
 *
 * @param executablePath see {@link findChromium}
 * @param hostResolverRules what names resolve to, for example `MAP rebind.example 127.0.0.1`
 * @see https://www.chromium.org/developers/design-documents/network-stack/host-resolver-rules
 */
export async function startChromium(executablePath: string, hostResolverRules: string): Promise<Browser> {
  // Loaded here, so that tests without a browser do not wait for it.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // The tests check what servers refuse, so Chromium itself must let pages reach loopback addresses.
      "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessChecks",
      `--host-resolver-rules=${hostResolverRules}`,
    ],
  });
}
