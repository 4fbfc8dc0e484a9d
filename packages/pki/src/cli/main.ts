import { addCrl } from "./commands/crl.ts";
import { addExport } from "./commands/export.ts";
import { addInit } from "./commands/init.ts";
import { addInspect } from "./commands/inspect.ts";
import { addIntermediate } from "./commands/intermediate.ts";
import { addIssue } from "./commands/issue.ts";
import { addRenew } from "./commands/renew.ts";
import { addRequest } from "./commands/request.ts";
import { addRevoke } from "./commands/revoke.ts";
import { addStatus } from "./commands/status.ts";
import { addVerify } from "./commands/verify.ts";
import { addSign } from "./commands/sign.ts";
import { run } from "./run.ts";

run(
  new Map([
    ["init", addInit],
    ["intermediate", addIntermediate],
    ["issue", addIssue],
    ["request", addRequest],
    ["sign", addSign],
    ["renew", addRenew],
    ["revoke", addRevoke],
    ["crl", addCrl],
    ["status", addStatus],
    ["inspect", addInspect],
    ["verify", addVerify],
    ["export", addExport],
  ]),
);
