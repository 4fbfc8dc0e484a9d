import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

export type { Browser, Page } from "playwright-core";

/** Where packages of Debian, Ubuntu, Fedora, Alpine and Google put it. */
const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/lib64/chromium-browser/chromium-browser",
  "/usr/bin/google-chrome",
];

/**
 * Finds a Chromium of this machine: `RA_CHROMIUM`, else one of the places where packages put it.
 *
 * @returns the path of the program, `undefined` when there is none
 */
export function findChromium(): string | undefined {
  return [process.env["RA_CHROMIUM"] ?? "", ...USUAL_PLACES].find((path) => path !== "" && existsSync(path));
}

/**
 * Starts a real Chromium without a window. It asks nobody for anything but what a test's pages load.
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
      // The tests are about what servers refuse: this Chromium does not keep pages away from the loopback address.
      "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessChecks",
      `--host-resolver-rules=${hostResolverRules}`,
    ],
  });
}
