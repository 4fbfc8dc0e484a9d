#!/usr/bin/env node
// oxlint-disable-next-line import/no-unassigned-import -- it is imported for what it does: checking the version first
import "./check-node.ts";
import process from "node:process";
import { App } from "aws-cdk-lib/core";
import { readAppConfig } from "../config/app-config.ts";
import { InfraError } from "../errors.ts";
import { RolesAnywhereStack } from "../stacks/roles-anywhere-stack.ts";

// Without this the CDK writes a template at the end of the process even when the stack was refused.
const app = new App({ autoSynth: false });
try {
  const { stackName, stackProps } = readAppConfig({
    context: (key) => app.node.tryGetContext(key),
    environment: process.env,
    currentDirectory: process.cwd(),
  });
  new RolesAnywhereStack(app, stackName, stackProps);
  app.synth();
} catch (error) {
  if (!(error instanceof InfraError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
