// Takes the picture of the page for the READMEs: node test/browser/take-screenshot.mjs <URL of the app> <file.png>
// The demo gives real data: npm run demo -- --keep prints the URL.
import { findChromium, startChromium } from "@roles-anywhere/testing/chromium";

const [url, file] = process.argv.slice(2);
const chromium = findChromium();
if (url === undefined || file === undefined || chromium === undefined) {
  console.error("take-screenshot: give the URL of the app and a file; Chromium is needed, too (RA_CHROMIUM)");
  process.exit(2);
}
const browser = await startChromium(chromium, "");
const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, locale: "en-GB" });
await page.goto(url);
await page.locator("tbody tr").first().waitFor();
await page.locator("#session-role").waitFor();
await page.waitForLoadState("networkidle");
await page.screenshot({ path: file });
await browser.close();
