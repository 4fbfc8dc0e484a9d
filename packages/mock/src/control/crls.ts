import { z } from "zod";
import { notFound, validationError } from "../errors/service-error.ts";
import * as shapes from "../model/shapes.ts";
import type { CrlRecord } from "../state/records.ts";
import { findByArn } from "../state/resource-arn.ts";
import { DerError } from "../trust/der.ts";
import { readRevocationLists } from "../trust/revocation.ts";
import { operation } from "./operation.ts";
import type { Operation } from "./operation.ts";
import {
  checkQuota,
  commonOperations,
  createResource,
  creationMembers,
  updateMembers,
  updateResource,
} from "./resource.ts";
import type { ResourceKind } from "./resource.ts";

export const MAX_CRLS_PER_TRUST_ANCHOR = 2;

const kind: ResourceKind<CrlRecord> = {
  type: "crl",
  member: "crl",
  label: "CRL",
  records: (state) => state.crls,
  idOf: (record) => record.crlId,
  convert: ({ crlData }) => ({ crlData: Buffer.from(crlData).toString("base64") }),
};

const importCrl = operation(
  { name: "ImportCrl", method: "POST", path: "/crls", status: 201 },
  z.object({ ...creationMembers, crlData: shapes.crlData, trustAnchorArn: shapes.trustAnchorArn }),
  (context, input) =>
    createResource(kind, context, input, (common, crlId, crlArn) => {
      const { state } = context;
      // The ARN of an alias does not name a trust anchor here.
      const anchor = findByArn(state, "trust-anchor", state.trustAnchors, input.trustAnchorArn);
      if (anchor === undefined) throw notFound(`Trust anchor ${input.trustAnchorArn} was not found.`);
      const { trustAnchorArn } = anchor;
      checkCrlData(input.crlData);
      const siblings = [...state.crls.values()].filter((crl) => crl.trustAnchorArn === trustAnchorArn);
      checkQuota("CRLs per trust anchor", siblings.length, MAX_CRLS_PER_TRUST_ANCHOR);
      return { ...common, crlId, crlArn, trustAnchorArn, crlData: input.crlData };
    }),
);

const updateCrl = operation(
  { name: "UpdateCrl", method: "PATCH", path: "/crl/:crlId" },
  z.object({ ...updateMembers, crlId: shapes.resourceIdentifier, crlData: shapes.crlData.optional() }),
  (context, { crlId, aliasName, ...changes }) =>
    updateResource(kind, context, crlId, aliasName, () => {
      if (changes.crlData !== undefined) checkCrlData(changes.crlData);
      return changes;
    }),
);

export const crlOperations: readonly Operation[] = [importCrl, updateCrl, ...commonOperations(kind)];

/**
 * Checks that bytes are a PEM certificate revocation list. CreateSession checks its issuer, signature and dates when
 * it uses the list.
 *
 * @throws {ServiceError} 400
 */
function checkCrlData(bytes: Uint8Array): void {
  try {
    readRevocationLists(bytes);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw validationError(
      `Invalid CRL; a PEM-encoded X.509 certificate revocation list is required: ${error.message}`,
    );
  }
}
