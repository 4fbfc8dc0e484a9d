import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startAppUnderLoad } from "./app-under-load.ts";
import { askForSession } from "./ask-for-session.ts";
import type { Drill } from "./drill.ts";
import { operatorOf } from "./operator.ts";
import { copyIdentity } from "./world.ts";

const renewedCertificate: Drill = {
  name: "renewed-certificate",
  title: "A certificate is replaced while the app works",
  claim: "The app takes a new certificate and key without a restart and without a failed request.",
  guard: "the overlap: the old certificate is revoked when the app uses the new one, not before",
  async run(context) {
    const { world, guarded, step } = context;
    const arns = world.arnsOf("server-a");
    const old = await world.issue("server-a");
    const app = await startAppUnderLoad(context, old);
    await world.pki(["renew", "server-a", "--new-key"]);
    const renewed = await copyIdentity(world.pkiFile("server-a"), await world.makeFolder());
    if (!guarded) {
      await operatorOf(context).revoke(old.serialNumber);
      await app.untilRenewed(1);
    }
    await app.replaceIdentity(renewed);
    await step(
      "The operator renews the certificate with ra-pki, and puts it in the place of the old one.",
      "the app's session has the new serial number",
      () => app.untilItUses(renewed),
    );
    if (guarded) await operatorOf(context).revoke(old.serialNumber);
    await step(
      "The operator revokes the old certificate. Somebody asks for a session with it.",
      "Roles Anywhere 403 AccessDeniedException (CRL_REVOKED)",
      () => askForSession(world, old, arns),
    );
    await app.untilRenewed(1);
    await step("People have listed the files of the app all the time.", "no failed request", () =>
      app.result(),
    );
  },
};

const replacedAuthority: Drill = {
  name: "replaced-ca",
  title: "A CA is replaced while the app works",
  claim:
    "The app moves to a new CA without a failed request, and certificates of the old CA are refused afterwards.",
  guard: "the overlap: the trust anchor trusts both CAs until the app uses the new one",
  async run(context) {
    const { world, guarded, step } = context;
    const arns = world.arnsOf("server-a");
    const operator = operatorOf(context);
    const old = await world.issue("server-a");
    const app = await startAppUnderLoad(context, old);
    const folder = await world.makeFolder();
    await world.pki(["init", "--common-name", "Drills CA 2", "--key-type", "ec-p256"], folder);
    await world.pki(["issue", "--name", "server-a", "--key-type", "ec-p256"], folder);
    const renewed = await copyIdentity(join(folder, "server-a"), await world.makeFolder());
    const newCaPem = await readFile(join(folder, "rootCA.pem"), "utf8");

    if (guarded) {
      await operator.trust(arns.trustAnchorArn, world.caCertificatePem + newCaPem);
    } else {
      await operator.trust(arns.trustAnchorArn, newCaPem);
      await app.untilRenewed(1);
    }
    await app.replaceIdentity(renewed);
    await step(
      "The trust anchor trusts both CAs. Server A gets a certificate of the new one.",
      "the app's session has the new serial number",
      () => app.untilItUses(renewed),
    );
    await operator.trust(arns.trustAnchorArn, newCaPem);
    await step(
      "The trust anchor trusts the new CA alone. Somebody asks with the certificate of the old CA.",
      "Roles Anywhere 403 AccessDeniedException (CHAIN_UNTRUSTED)",
      () => askForSession(world, old, arns),
    );
    await app.untilRenewed(1);
    await step("People have listed the files of the app all the time.", "no failed request", () =>
      app.result(),
    );
  },
};

export const rotationDrills: readonly Drill[] = [renewedCertificate, replacedAuthority];
